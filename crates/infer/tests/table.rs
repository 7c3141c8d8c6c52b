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
            "a quote, character 1 of the line, that is not closed on it",
            "quotes in pairs",
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
    let found = faults(&lines("a,0,0,1,zero", 700));
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
