//! placeholder
#[path = "../src/report/mod.rs"]
mod report;

#[test]
fn write_pages() {
    let dir = std::path::Path::new("/tmp/report-pages");
    std::fs::create_dir_all(dir).unwrap();
    for (name, data) in report::sample::all() {
        let page = report::render(&data);
        println!("{name} {}", page.len());
        std::fs::write(dir.join(format!("{name}.html")), page).unwrap();
    }
}
