//! A tumour that grows, mutates and is treated in a dish, and its study.

pub const GROWN: &str = r#"
[model]
title = "A tumour that grows, mutates and is treated; resistant cells are few when treatment begins"
[parameters]
u = { value = "3e-8", assumed = "test", prior = "loguniform(3e-9, 1e-6)" }
burden = { value = "1e7 cells", assumed = "test", prior = "loguniform(3e6 cells, 3e7 cells)" }
kill = { value = "0.12 /day", assumed = "test", prior = "loguniform(0.06 /day, 0.24 /day)" }
regrowth = { value = "0.1 /day", assumed = "test", prior = "loguniform(0.05 /day, 0.2 /day)" }
growth = { value = "0.03 /day", source = { url = "https://example.org", where = "nowhere" } }
turnover = { value = "0.13 /day", source = { url = "https://example.org", where = "nowhere" } }
c0 = { value = "1 uM", source = { url = "https://example.org", where = "nowhere" } }
[cells.S]
birth = "turnover + growth"
death = "turnover + kill * (1 - exp(-D / c0))"
mutates = [{ to = "R", per_division = "u" }]
[cells.R]
kind = "resistant"
mechanism = "m"
birth = "turnover + growth + (regrowth - growth) * (1 - exp(-D / c0))"
death = "turnover"
[drugs.D]
route = "held"
felt_as = "uM"
[before_treatment]
grow = "S from 1 cell until burden"
[measurements.count]
kind = "cell_count"
error = "20 %"
detection_limit = "1 cells"
"#;

pub const TREATED: &str = r#"
[study]
patients = 1
seed = 1
horizon = "200 days"
visits = "every 15 days"
[[arms]]
name = "drug"
regimen = ["D 10 uM held from day 0"]
"#;
