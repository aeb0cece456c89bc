//! A run is exported in the real window by the real worker: what is offered, what is ticked, what was written, and why not.

use std::fs;

use attune::ui::Screen;
use attune::worker::works::export::{OfferExport, WriteExport};

use crate::compare_runs::record;
use crate::journey::Window;
use crate::models_match_the_reference::golden;

#[test]
fn a_run_is_exported_with_what_was_ticked() {
    let folder = tempfile::tempdir().unwrap();
    let dir = record(&folder.path().join("runs"), "slow-1", 1e-3, 0.90, true);
    fs::create_dir(dir.join("model")).unwrap();
    for entry in fs::read_dir(golden().join("bert-classify")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), dir.join("model").join(entry.file_name())).unwrap();
    }
    let mut window = Window::open(folder.path());
    window.go(Screen::Runs);
    window.press("slow-1");
    window.press("Export…");
    window.until("what can be written is known", |workspace| workspace.worked::<OfferExport>().is_some());
    assert!(window.shows("Hugging Face folder") && window.shows("ONNX"));
    assert!(!window.shows("PEFT adapter"), "the run has no adapter");
    // Something else lies where it is to be written.
    let to = folder.path().join("exports/slow-1");
    fs::create_dir_all(to.join("hf")).unwrap();
    fs::write(to.join("hf/notes.txt"), "mine").unwrap();
    window.press("ONNX");
    window.press("Export");
    window.until("it is refused", |workspace| {
        workspace.worked::<WriteExport>().is_some_and(|(_, written)| written.is_err())
    });
    assert!(window.shows("Nothing was exported"));
    fs::remove_dir_all(&to).unwrap();
    window.press("Export");
    window.until("it is written", |workspace| {
        workspace.worked::<WriteExport>().is_some_and(|(_, written)| written.is_ok())
    });
    for words in ["Open folder", "Copy path", "hf/receipt.json", "onnx/model.onnx"] {
        assert!(window.shows(words), "{words}");
    }
    assert!(to.join("hf/receipt.py").is_file() && to.join("onnx/README.md").is_file());
    window.press("Close");
    assert!(!window.shows("Open folder"));
}
