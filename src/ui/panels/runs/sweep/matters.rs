//! How much each setting matters, against what chance alone would say.

use egui::{CornerRadius, Label, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::words::{key_words, metric_title};
use crate::sweep::{Importance, METHOD, Share, Study, TOGETHER};
use crate::ui::Cx;
use crate::ui::theme::{self, Palette, size, space};
use crate::ui::widgets::help::{Help, help};
use crate::ui::widgets::text::elided;
use crate::ui::widgets::{Card, text};

const ROW: f32 = 26.0;
const PAPERS: [(&str, &str); 2] = [
    (
        "Hutter, Hoos and Leyton-Brown, 2014: An Efficient Approach for Assessing Hyperparameter Importance",
        "https://proceedings.mlr.press/v32/hutter14.html",
    ),
    (
        "Altmann et al., 2010: Permutation importance, a corrected feature importance measure",
        "https://doi.org/10.1093/bioinformatics/btq134",
    ),
];

pub fn ui(ui: &mut Ui, cx: &Cx<'_>, study: &Study) {
    let palette = cx.palette;
    Card::new().show(ui, palette, |ui| {
        ui.horizontal(|ui| {
            ui.label(text::strong("What matters", palette));
            let about = "A bar that does not pass its mark is no more than chance. The shares are of the settings that were tried: \
                         another range has others.";
            help(ui, &Help { title: "What matters", paragraphs: &[METHOD, about], papers: &PAPERS }, palette);
        });
        match &study.importance {
            Ok(found) => found_ui(ui, palette, study, found),
            Err(unknown) => drop(ui.add(Label::new(text::dim(unknown.words(), palette)).wrap())),
        }
    });
}

fn found_ui(ui: &mut Ui, palette: &Palette, study: &Study, found: &Importance) {
    ui.spacing_mut().item_spacing.y = 2.0;
    let mut of: Vec<&Share> = found.of.iter().collect();
    of.sort_by(|one, two| two.share.total_cmp(&one.share));
    for share in of {
        let chance = format!("chance alone stays below {}", percent(share.chance));
        let verdict = if share.is_more_than_chance() { "more than chance" } else { "no more than chance" };
        let words = format!("{}: {} of the variance, {verdict}; {chance}", key_words(&share.key), percent(share.share));
        bar_ui(ui, palette, key_words(&share.key), share.share, Some(share), &words);
    }
    let words = format!("Together: {} of the variance, {TOGETHER}", percent(found.together));
    bar_ui(ui, palette, "together, or chance", found.together, None, &words);
    ui.add_space(space::XS);
    ui.add(Label::new(text::small(sentence(study, found), palette)).wrap());
    if let Some(doubt) = found.doubt() {
        ui.add(Label::new(text::small(doubt, palette).color(palette.warn)).wrap());
    }
}

/// What the bars come to.
fn sentence(study: &Study, found: &Importance) -> String {
    let clear: Vec<&Share> = found.of.iter().filter(|share| share.is_more_than_chance()).collect();
    let most = clear.iter().max_by(|one, two| one.share.total_cmp(&two.share));
    let metric = metric_title(study).to_lowercase();
    let from = format!("from {} settings with a result", found.settings);
    let said = most.map_or_else(
        || format!("No setting alone moves {metric} by more than chance, {from}"),
        |most| format!("{} moves {metric} most, {from}", key_words(&most.key)),
    );
    let predicted = percent(found.predicted.max(0.0));
    format!("{said}. The forest predicts {predicted} of what differs between settings that it has not seen.")
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A bar with the mark of chance.
fn bar_ui(ui: &mut Ui, palette: &Palette, name: &str, value: f64, share: Option<&Share>, words: &str) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    let is_clear = share.is_some_and(Share::is_more_than_chance);
    let ink = if is_clear { palette.text } else { palette.text_dim };
    let (head, tail) = ((rect.width() * 0.42).min(200.0), 46.0);
    let font = if share.is_some() { theme::number(size::BODY - 1.0) } else { theme::regular(size::BODY) };
    let name = elided(ui.painter(), name, font, ink, head - 8.0);
    ui.painter().galley(pos2(rect.left(), rect.center().y - name.size().y / 2.0), name, ink);
    let track = Rect::from_min_max(
        pos2(rect.left() + head, rect.center().y - 5.0),
        pos2(rect.right() - tail, rect.center().y + 5.0),
    );
    let corner = CornerRadius::same(3);
    ui.painter().rect_filled(track, corner, palette.hover);
    let end = |share: f64| track.left() + track.width() * share.clamp(0.0, 1.0) as f32;
    let fill = match share {
        Some(_) if is_clear => palette.accent,
        Some(_) => palette.accent.gamma_multiply(0.45),
        None => palette.text_faint.gamma_multiply(0.6),
    };
    ui.painter().rect_filled(track.with_max_x(end(value)), corner, fill);
    if let Some(share) = share {
        ui.painter().vline(end(share.chance), track.y_range().expand(3.0), Stroke::new(1.5, palette.text_dim));
    }
    let at = pos2(rect.right(), rect.center().y);
    let font = theme::number(size::BODY - 1.0);
    ui.painter().text(at, egui::Align2::RIGHT_CENTER, percent(value), font, ink);
    response.on_hover_text(words);
}
