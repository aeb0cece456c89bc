//! What would make a run fit, each with what it then takes and what it costs. One press takes one over into the form.

use egui::{Frame, Label, Popup, PopupCloseBehavior, ScrollArea, Ui};
use egui_material_icons::icons::ICON_COMPRESS;

use crate::data::choices::Exclude;
use crate::train::config::RunConfig;
use crate::train::make_fit::{Change, Offer};
use crate::train::plan::Shape;
use crate::ui::format::about;
use crate::ui::theme::space;
use crate::ui::widgets::line::{left, line};
use crate::ui::widgets::{Button, divider, text};
use crate::ui::{Action, Cx, Palette, format};

const WIDTH: f32 = 400.0;
const HEIGHT: f32 = 420.0;

/// The button, and the offers once it was pressed.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let button = Button::new("Make it fit…").icon(ICON_COMPRESS).min_width(ui.available_width()).show(ui, palette);
    let popup = Popup::from_toggle_button_response(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let mut is_taken = false;
    popup.frame(Frame::popup(ui.style()).inner_margin(space::M as i8)).show(|ui| {
        ui.set_width(WIDTH);
        ui.spacing_mut().item_spacing.y = space::S;
        ui.label(text::strong("What would make it fit", palette));
        let offers = &cx.workspace.offers;
        let words = match offers.first() {
            None => "Nothing was found that takes much less; a smaller model would",
            Some(offer) if !offer.fits => "Nothing fits; these need the least. A smaller model needs less",
            Some(_) => "Each is planned like the run itself. Nothing is changed until you press one",
        };
        ui.add(Label::new(text::small(words, palette)).wrap());
        let height = HEIGHT.min(ui.ctx().content_rect().height() * 0.6);
        ScrollArea::vertical().max_height(height).show(ui, |ui| {
            ui.set_width(WIDTH - 12.0);
            for offer in offers.iter() {
                ui.add_space(space::XS);
                divider(ui, palette);
                is_taken |= offer_ui(ui, cx, offer);
            }
        });
    });
    if is_taken {
        Popup::close_all(ui.ctx());
    }
}

/// One offer; returns whether it was taken over.
fn offer_ui(ui: &mut Ui, cx: &mut Cx<'_>, offer: &Offer) -> bool {
    let palette = cx.palette;
    let title = title(&offer.change, &cx.workspace.draft);
    ui.spacing_mut().item_spacing.y = 3.0;
    let is_pressed = line(ui, 26.0, |ui| {
        let button = Button::new("Use").name(format!("Use {title}")).small();
        let is_pressed = button.show(ui, palette).clicked();
        left(ui, |ui| ui.add(Label::new(text::strong(&title, palette)).truncate())).on_hover_text(&title);
        is_pressed
    });
    let color = if offer.fits { palette.good } else { palette.bad };
    let fits = if offer.fits { "fits" } else { "still too much" };
    let takes = format!("{} · {} · {fits}", format::bytes(offer.memory), about(offer.seconds));
    ui.label(text::number_dim(takes, palette).color(color));
    ui.add(Label::new(text::small(cost(&offer.change, &cx.workspace.draft), palette)).wrap());
    if is_pressed {
        let mut draft = cx.workspace.draft.clone();
        offer.change.apply(&mut draft);
        cx.act(Action::Edit(Box::new(draft)));
    }
    is_pressed
}

fn title(change: &Change, draft: &RunConfig) -> String {
    match change {
        Change::MicroBatch(sequences) => format!("Micro-batches of {sequences}"),
        Change::Length { max_tokens, .. } => format!("At most {max_tokens} tokens a sequence"),
        Change::Top(1) => "Only the top layer".into(),
        Change::Top(layers) => format!("Only the top {layers} layers"),
        Change::Adapters => format!("LoRA adapters of rank {}", draft.strategy.lora.rank),
        Change::Head => "Only the head".into(),
        Change::Batch(sequences) => format!("Batches of {sequences}"),
        Change::Together(changes) => {
            let titles: Vec<String> = changes.iter().map(|change| title(change, draft)).collect();
            titles.join(", ")
        }
    }
}

/// What a change costs, as far as is known before.
fn cost(change: &Change, draft: &RunConfig) -> String {
    match change {
        Change::MicroBatch(_) => "The same updates, up to rounding: an update is computed in parts".into(),
        Change::Length { shortened, .. } => length_cost(*shortened, draft),
        Change::Top(_) => "The layers below stay as pretraining left them, which may cost some accuracy".into(),
        Change::Adapters => "The layers stay as they are; narrow matrices beside them learn in their place".into(),
        Change::Head => "The encoder learns nothing; usually clearly less accurate, and much faster".into(),
        Change::Batch(_) => "More and noisier updates; the result differs".into(),
        Change::Together(changes) => {
            let costs = changes.iter().filter(|change| !matches!(change, Change::MicroBatch(_)));
            costs.map(|change| cost(change, draft)).collect::<Vec<_>>().join(". ")
        }
    }
}

fn length_cost(shortened: usize, draft: &RunConfig) -> String {
    let texts = |one: &str, many: &str| format::plural(shortened as u64, one, many);
    match Shape::of(draft) {
        Shape::Blocks | Shape::Chunks => "Nothing is cut; the model sees less around each word".into(),
        Shape::Windows => format!("{} read in windows; nothing is cut", texts("more text is", "more texts are")),
        Shape::Cut if draft.data.exclude.contains(&Exclude::OverLong) => {
            format!("{} left out", texts("more text is", "more texts are"))
        }
        Shape::Cut => format!("{} cut; the rest is as it was", texts("more text is", "more texts are")),
    }
}

/// Why it does not fit, in a line.
pub fn why(needed: u64, room: u64, palette: &Palette) -> egui::RichText {
    let words = format!("Needs {} more than it may take", format::bytes(needed.saturating_sub(room)));
    text::small(words, palette).color(palette.bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_says_what_it_changes_and_what_that_costs() {
        let mut draft: RunConfig = serde_json::from_str(r#"{"task": "classify", "model": {}, "data": {}}"#).unwrap();
        let length = Change::Length { max_tokens: 64, shortened: 12 };
        let check = |change: &Change, draft: &RunConfig, expected: [&str; 2]| {
            assert_eq!(title(change, draft), expected[0]);
            assert!(cost(change, draft).starts_with(expected[1]), "{}", cost(change, draft));
        };
        check(&length, &draft, ["At most 64 tokens a sequence", "12 more texts are cut"]);
        check(&Change::Top(1), &draft, ["Only the top layer", "The layers below"]);
        let both = Change::Together(vec![Change::MicroBatch(4), length.clone()]);
        check(&both, &draft, ["Micro-batches of 4, At most 64 tokens a sequence", "12 more texts are cut"]);
        draft.task = crate::task::Task::Ner;
        check(&length, &draft, ["At most 64 tokens a sequence", "12 more texts are read in windows"]);
        draft.task = crate::task::Task::Mlm;
        check(&length, &draft, ["At most 64 tokens a sequence", "Nothing is cut"]);
    }
}
