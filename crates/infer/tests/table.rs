//! Tables as they come: every fault told with line, column, found and allowed; what other programs write is read.

use remission_infer::table::{self, Columns, Signal};

const HEADER: &str = "cell_type,concentration_uM,time_h,replicate,viable_signal\n";

#[test]
fn malformed_tables_are_refused_with_line_column_found_and_allowed() {
    let cases = [
        ("sensitive,0,0,1,zero", (2, 5), "viable_signal", "`zero`", "a number above 0, at most 1e15"),
        ("sensitive,0,0,1,0", (2, 5), "viable_signal", "`0`", "a number above 0, at most 1e15"),
        ("sensitive,0,0,1,inf", (2, 5), "viable_signal", "`inf`", "a number above 0, at most 1e15"),
        ("sensitive,-1,0,1,0.1", (2, 2), "concentration_uM", "`-1`", "a number, 0 or more, at most 1e15"),
        (
            "sensitive,0,,1,0.1",
            (2, 3),
            "time_h",
            "``",
            "a number, 0 or more, at most 1e15; where it is not known, leave the line out",
        ),
        ("sensitive,0,0,1.5,0.1", (2, 4), "replicate", "`1.5`", "a whole number, 0 to 4294967295"),
        (",0,0,1,0.1", (2, 1), "cell_type", "nothing", "the name of a cell type"),
        ("sensitive,0,0,1", (2, 0), "", "4 fields", "5 fields, as in the header; decimals with a point"),
        ("sensitive,0,0,1,0,1", (2, 0), "", "6 fields", "5 fields, as in the header; decimals with a point"),
        (
            "\"sensitive,0,0,1,0.1",
            (2, 0),
            "",
            "a quote that opens at character 1 of this line and is not closed on it",
            "quotes in pairs: close it, or take it out",
        ),
        ("", (1, 0), "", "a header alone", "a header and a line per reading"),
    ];
    for (line, at, name, found, allowed) in cases {
        let problems = table::read(&format!("{HEADER}{line}\n"), &Columns::default()).unwrap_err();
        let p = &problems.0[0];
        assert_eq!(problems.0.len(), 1, "{line}: {problems}");
        assert_eq!(((p.line, p.column), &*p.name, &*p.found, &*p.allowed), (at, name, found, allowed), "{line}");
    }
    let said = table::read(&format!("{HEADER}a,0,0,1,-2\n"), &Columns::default()).unwrap_err().to_string();
    assert_eq!(said, "line 2, column 5 (viable_signal): found `-2`; allowed: a number above 0, at most 1e15");
}

#[test]
fn every_fault_of_a_table_is_told_at_once() {
    let text = format!("{HEADER}a,x,0,1,0\n\r\na,1,0,1,2\na,1,0,1,3\n");
    let problems = table::read(&text, &Columns::default()).unwrap_err().0;
    let places: Vec<(usize, usize)> = problems.iter().map(|p| (p.line, p.column)).collect();
    assert_eq!(places, [(2, 2), (2, 5), (5, 0)]);
    assert_eq!(problems[2].found, "the well and time of line 4 again");

    let headless = table::read("cell_type,dose,time_h,time_h\n", &Columns::default()).unwrap_err().to_string();
    for part in ["among `cell_type`, `dose`", "no column `replicate`", "no column `viable_signal`", "column 4 (time_h)"]
    {
        assert!(headless.contains(part), "{headless}");
    }
    assert_eq!(table::read("", &Columns::default()).unwrap_err().0[0].found, "no line");
    let percent = Columns { allowed: Signal::Percent, ..Columns::default() };
    let beyond = table::read(&format!("{HEADER}a,0,0,1,100.5\n"), &percent).unwrap_err().to_string();
    assert!(beyond.ends_with("allowed: a percentage, 0 to 100"), "{beyond}");
}

#[test]
fn a_title_above_the_header_is_one_fault() {
    let rows = "a,0,0,1,2\na,0,24,1,3\n";
    for title in ["Plate 3", "# exported on Monday, by hand", "Plate 3,,,,", "Plate 3\nread at noon"] {
        let problems = table::read(&format!("{title}\n{HEADER}{rows}"), &Columns::default()).unwrap_err();
        let header = title.lines().count() + 1;
        assert_eq!((problems.0.len(), problems.0[0].line), (1, 1), "{problems}");
        assert!(problems.to_string().contains(&format!("the header first; line {header} looks like it")), "{problems}");
    }
}

#[test]
fn many_like_faults_are_counted() {
    let lines = |line: &str, n: usize| format!("{HEADER}{}", format!("{line}\n").repeat(n));
    let faults = |text: &str| table::read(text, &Columns::default()).unwrap_err().0;
    // The same on every line three times; other faults of one kind twenty times.
    let found = faults(&lines("a,0,0,1,zero", 700));
    assert_eq!((found.len(), found[2].line, found[2].more), (3, 4, 697));
    let each: String = (0..700).map(|k| format!("a,0,0,1,zero{k}\n")).collect();
    let found = faults(&format!("{HEADER}{each}"));
    assert_eq!((found.len(), found[19].line, found[19].more), (20, 21, 680));
    assert!(found[19].to_string().ends_with("; and 680 more lines with the same fault"), "{}", found[19]);
    // Decimal commas are in every line: the first says it.
    let semicolons = lines("a;0;0;1;0.1", 30).replace(',', ";").replace('.', ",");
    for (text, column) in [(lines("a,0,0,1,0,1", 30), 0), (semicolons, 5)] {
        let found = faults(&text);
        assert_eq!((found.len(), found[0].line, found[0].column, found[0].more), (1, 2, column, 29), "{text}");
        assert!(found[0].allowed.contains("decimals with a point"), "{}", found[0]);
    }
    let narrow = remission_infer::sheet::Sheet::parse("mutants\n1,2\n").unwrap().finish().unwrap_err().to_string();
    assert!(narrow.contains("found 2 fields; allowed: 1 field, as in"), "{narrow}");
}

#[test]
fn empty_columns_at_the_end_are_nothing() {
    let text = "mutants,note,,\n3,x,,\n4,y,,\n";
    let mut sheet = remission_infer::sheet::Sheet::parse(text).unwrap();
    sheet.needed("mutants");
    assert_eq!((sheet.names(), sheet.unused()), (vec!["mutants", "note"], vec!["note".to_string()]));
    let mut sheet = remission_infer::sheet::Sheet::parse(",mutants\n1,3\n").unwrap();
    sheet.needed("mutants");
    assert_eq!(sheet.unused(), ["column 1, which has no name"]);
}

#[test]
fn tables_from_other_programs_are_read() {
    let text = "\u{feff}\"viable_signal\",\"time_h\",\"note\",\"cell_type\",\"replicate\",\"concentration_uM\"\r\n\
                0.5, 24 ,\"so, \"\"so\"\"\",\"PC9, \"\"late\"\"\",2,-0\r\n";
    let read = table::read(text, &Columns::default()).unwrap();
    assert_eq!(read.len(), 1);
    assert_eq!((read[0].cell_type.as_str(), read[0].replicate, read[0].time), ("PC9, \"late\"", 2, 24.0));
    assert!(read[0].concentration.is_sign_positive());
}

/// A day of 1e9 is a date or a slip of the pen; every assay that has a time says how far it may reach.
#[test]
fn times_that_no_assay_lasts_are_refused() {
    use remission_infer::{barcodes, ctdna, growth, persister_fluctuation, psa, regrowth, tumour_size};
    let treatment = "days since treatment began, -3650 to 36500";
    let fault = |found: Result<(), remission_infer::sheet::TableProblems>| found.unwrap_err().to_string();
    let growth = |text: &str| growth::read::read(text, &growth::read::Names::default()).map(drop);
    let of_days = growth::read::TEMPLATE.replace("time_h", "time_days");
    for (found, place, allowed) in [
        (
            growth(&growth::read::TEMPLATE.replace("parental,1,72,2", "parental,1,1e9,2")),
            "line 15, column 3 (time_h): found 1e9",
            "hours since the drug was added, 0 to 876000",
        ),
        (growth(&of_days.replace(",1,72,2", ",1,36501,2")), "found 36501", "days since the drug was added, 0 to 36500"),
        (
            persister_fluctuation::data::read("culture,week,colonies,final_cells\na,1e9,2,1e5\n").map(drop),
            "line 2, column 2 (week): found 1e9",
            "weeks under the drug, 0 to 5214",
        ),
        (psa::read("patient,time_days,psa,on_treatment\na,1e9,2,1\n").map(drop), "(time_days): found 1e9", treatment),
        (
            psa::read("patient,time_days,psa,on_treatment\na,1,1e9,1\n").map(drop),
            "line 2, column 3 (psa): found 1e9",
            "PSA in ng/mL (look at the unit), 0 to 100000",
        ),
        (
            regrowth::data::read("well,regrew,time_days\nA1,yes,1e9\n", 1.0).map(drop),
            "line 2, column 3 (time_days): found 1e9",
            "days under the drug, 0 to 36500",
        ),
        (
            regrowth::data::read("well,regrew_after_days,regrew_by_days\nA1,3,1e9\n", 1.0).map(drop),
            "(regrew_by_days): found 1e9",
            "days under the drug, 0 to 36500",
        ),
        (
            barcodes::read::read("arm,time_days,barcode,count\nb,1e9,A,3\n").map(drop),
            "(time_days): found 1e9",
            "days since treatment began, 0 to 36500",
        ),
        (
            tumour_size::read("patient,time_days,value,unit\na,1e9,3,mm\n").map(drop),
            "(time_days): found 1e9",
            treatment,
        ),
        (
            ctdna::read("time_days,mutation,mutant_reads,depth\n1e9,m,1,9\n").map(drop),
            "(time_days): found 1e9",
            treatment,
        ),
    ] {
        let said = fault(found);
        assert!(said.contains(place) && said.contains(&format!("allowed: {allowed}")), "{said}");
    }
}

/// What many a table of a laboratory looks like is read, or told once with what to do.
#[test]
fn habits_of_laboratories_are_read_or_named() {
    use remission_infer::{fluctuation, growth};
    let counts = |text: &str| fluctuation::read::read(text).map(|d| d.experiments[0].cultures.len());
    assert_eq!(counts("Culture,Mutants\n1,3\n2,4\n"), Ok(2));
    // As it is written first; a name of which two differ in case alone is no name.
    assert_eq!(counts("mutants,Mutants\n3,x\n"), Ok(1));
    assert!(counts("Mutants,MUTANTS\n3,4\n").unwrap_err().to_string().contains("the column a second time"));
    for (count, limit) in [(">300", "300"), (">= 300", "300"), ("TNTC", "N")] {
        let said = counts(&format!("mutants\n3\n{count}\n")).unwrap_err().to_string();
        assert!(said.starts_with("line 3, column 1 (mutants): found `"), "{said}");
        assert!(said.contains(&format!("such as {limit} with --censor-at {limit}")), "{said}");
    }
    // The same on every line is told three times.
    let zeros = counts(&format!("mutants,final_cells\n{}", "3,0\n".repeat(30))).unwrap_err();
    assert_eq!(zeros.0.len(), 3, "{zeros}");
    assert!(zeros.to_string().ends_with("and 27 more lines with the same fault"), "{zeros}");
    let grown = |text: &str| growth::read::read(text, &growth::read::Names::default()).unwrap_err().to_string();
    let said = grown(&growth::read::TEMPLATE.replace("parental,1,72,2", "parentel,1,72,2"));
    assert!(said.contains("line 15, column 1 (cell_type): found `parentel`, on this line alone"), "{said}");
    assert!(said.contains("is it `parental`?"), "{said}");
    let said = grown(&growth::read::TEMPLATE.replace(",1,72,2", ",1e-308,72,2"));
    assert!(said.contains("found `1e-308`; allowed: 0, or 1e-9 or more"), "{said}");
}

#[test]
fn lines_may_end_in_carriage_returns_alone() {
    let text = format!("{HEADER}a,0,0,1,2\na,0,24,1,3\n");
    let read = |text: &str| table::read(text, &Columns::default());
    assert_eq!(read(&text.replace('\n', "\r")).unwrap(), read(&text).unwrap());
    let fault = read(&format!("{text}a,0,48,1,x\n").replace('\n', "\r")).unwrap_err();
    assert_eq!((fault.0[0].line, fault.0.len()), (4, 1), "{fault}");
}

#[test]
fn a_quote_is_named_where_it_opens() {
    let faults = |rows: &str| table::read(&format!("{HEADER}{rows}"), &Columns::default()).unwrap_err();
    // A field that goes on over lines is one fault, that of the line on which it begins.
    let found = faults("a,0,0,1,2\n\"b\n, late\",0,0,1,2\nc,0,0,1,2\n");
    assert_eq!(found.0.len(), 1, "{found}");
    assert!(
        found.to_string().contains("line 3: found a quote that opens at character 1 of this line and closes on line 4")
    );
    assert!(found.to_string().contains("put the field on one line"), "{found}");
    let found = faults("a,0,0,1,2\nb,0,0,1,\"2\nc,0,0,1,2\n");
    assert_eq!(found.0.len(), 1, "{found}");
    assert!(
        found.to_string().contains("line 3: found a quote that opens at character 9 of this line and is not closed")
    );
    let head = table::read("\"cell_type,time_h\na,1\n", &Columns::default()).unwrap_err().to_string();
    assert!(head.starts_with("line 1: found a quote that opens at character 1"), "{head}");
}

#[test]
fn a_column_that_stands_twice_is_told_once() {
    let fault =
        remission_infer::regrowth::data::read("well,regrew,regrew,time_days\nA1,yes,yes,30\n", 1.0).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "line 1, column 3 (regrew): found the column a second time; allowed: each column once"
    );
}
