//! Reads the arguments; opens the window or runs the command.

use std::sync::Arc;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    attune::ui::app::open_window(|ctx| {
        let ctx = ctx.clone();
        attune::worker::spawn(Arc::new(move || ctx.request_repaint_after(Duration::from_millis(33)))).expect("x")
    })
    .map_err(|error| anyhow::anyhow!("{error}"))
}
