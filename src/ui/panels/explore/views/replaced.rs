//! Replaced tokens: how likely each token was put there by somebody else, tinted by its probability, with the number
//! below it so that colour is not all that tells.

use egui::{Align2, CornerRadius, Role, ScrollArea, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use serde_json::{Map, Value};

use crate::inspect::judging::Judged;
use crate::inspect::{Answer, AnyInquiry, Prediction, Question, Reply, Subject};
use crate::task::Task;
use crate::ui::panels::explore::keeping::{self, Nothing, Unread};
use crate::ui::panels::explore::samples;
use crate::ui::panels::explore::text_box::TextBox;
use crate::ui::panels::explore::tokens::plain;
use crate::ui::panels::explore::told::{self, Told, can_answer};
use crate::ui::panels::explore::view::{Changed, Kind, View, beside, tried};
use crate::ui::panels::explore::words::Words;
use crate::ui::theme::{self, Palette, size};
use crate::ui::tiles::{Layout, Pane};
use crate::ui::widgets::line;
use crate::ui::widgets::marked::Look;
use crate::ui::widgets::text;
use crate::ui::{Cx, format};

pub const KIND: Kind =
    Kind { name: "replaced", title: "", heads: &[Task::Rtd], make: || Box::new(Replaced::default()) };

const TEXT: Pane = Pane::new("text", "Text");
const ANSWER: Pane = Pane::new("answer", "Prediction");

#[derive(Debug)]
struct Replaced {
    text_box: TextBox,
    told: Told,
}

impl Default for Replaced {
    fn default() -> Self {
        let text_box = TextBox::of(samples::REPLACED[0]);
        Self { text_box, told: Told::default() }
    }
}

/// Tokens that are drawn.
const MOST: usize = 600;

impl View for Replaced {
    fn layout(&self) -> Layout {
        beside(vec![(0.7, TEXT.into()), (1.0, ANSWER.into())], tried())
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, cx: &mut Cx<'_>) -> Changed {
        match pane {
            TEXT => return self.text_ui(ui, cx),
            _ => self.answer_ui(ui, cx),
        }
        Changed::No
    }

    fn wanted(&self, _: &Words) -> Option<AnyInquiry> {
        self.words().map(|words| words.ask(Task::Rtd))
    }

    fn told(&mut self) -> Option<&mut Told> {
        Some(&mut self.told)
    }

    fn words(&self) -> Option<Words> {
        self.text_box.words.clone().unless_blank()
    }

    fn set(&mut self, words: Words) {
        self.text_box.words = words.alone();
    }

    fn kept(&self, _: &Words) -> Map<String, Value> {
        keeping::written(&Nothing {})
    }

    fn restore(&mut self, kept: Map<String, Value>, _: &Words) -> Result<(), Unread> {
        keeping::read::<Nothing>(kept).map(|_| ())
    }

    fn samples(&self, _: &Subject) -> Vec<Words> {
        samples::alone(&samples::REPLACED)
    }

    fn verdict(&self, reply: &Reply) -> (String, String) {
        let judged = judged(reply.to::<Question>()).unwrap_or_default();
        let worst = judged.iter().max_by(|a, b| a.replaced.total_cmp(&b.replaced));
        worst.map_or_else(Default::default, |one| (one.token.clone(), format::percent(one.replaced)))
    }
}

fn judged(answer: Option<&Answer>) -> Option<&[Judged]> {
    match &answer?.result {
        Prediction::Judged(judged) => Some(judged),
        _ => None,
    }
}

impl Replaced {
    fn text_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> Changed {
        let height = (ui.available_height() - 36.0).max(60.0);
        let look = Look { name: "Text to try", hint: "Type or paste a text…", height, lanes: 0 };
        let changed = self.text_box.field_ui(ui, &look, &[], cx.palette);
        let chosen = ui.horizontal(|ui| self.text_box.below_ui(ui, cx, Task::Rtd, &self.told)).inner;
        if chosen { Changed::Chosen } else { changed }
    }

    fn answer_ui(&self, ui: &mut Ui, cx: &Cx<'_>) {
        let palette = cx.palette;
        if !can_answer(ui, cx) {
            return;
        }
        let words = "The tokens that seem replaced to the model appear here";
        let (said, of) = (judged(self.told.answer()), &self.text_box.words);
        let Some(judged) = told::said(ui, cx, said, &self.told, of, words) else { return };
        let count = judged.iter().filter(|one| one.replaced > 0.5).count();
        ui.horizontal(|ui| {
            let words = match count {
                0 => "Nothing seems replaced".to_owned(),
                _ => format!("{} replaced", format::plural(count as u64, "token seems", "tokens seem")),
            };
            ui.label(text::head(words, palette));
            line::right(ui, |ui| legend_ui(ui, palette));
        });
        ui.add_space(6.0);
        ScrollArea::vertical().id_salt("judged tokens").auto_shrink([false, false]).show(ui, |ui| {
            ui.spacing_mut().item_spacing = vec2(4.0, 8.0);
            ui.horizontal_wrapped(|ui| {
                for one in judged.iter().take(MOST) {
                    token_ui(ui, one, palette);
                }
            });
        });
    }
}

fn token_ui(ui: &mut Ui, one: &Judged, palette: &Palette) {
    let galley = ui.painter().layout_no_wrap(plain(&one.token, "·"), theme::number(size::BODY), palette.text);
    let width = (galley.size().x + 12.0).max(40.0);
    let (rect, response) = ui.allocate_exact_size(vec2(width, 42.0), Sense::hover());
    let share = one.replaced as f32;
    let name = format!("{} replaced {}", one.token, format::percent(one.replaced));
    response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, &name));
    let top = egui::Rect::from_min_size(rect.min, vec2(width, 26.0));
    let painter = ui.painter();
    let line = if share > 0.5 { palette.bad } else { palette.line };
    painter.rect(top, CornerRadius::same(4), tint(share, palette), Stroke::new(1.0, line), StrokeKind::Inside);
    if share > 0.5 {
        let y = top.bottom() - 3.0;
        let ends = [pos2(top.left() + 5.0, y), pos2(top.right() - 5.0, y)];
        painter.extend(Shape::dashed_line(&ends, Stroke::new(1.5, palette.bad), 3.0, 2.0));
    }
    painter.galley(top.center() - galley.size() / 2.0, galley, palette.text);
    if one.continues {
        painter.hline(top.left() - 4.0..=top.left(), top.center().y, Stroke::new(1.0, palette.text_faint));
    }
    let color = if share > 0.5 { palette.bad } else { palette.text_faint };
    let at = pos2(rect.center().x, rect.bottom());
    let words = format!("{:.0} %", one.replaced * 100.0);
    painter.text(at, Align2::CENTER_BOTTOM, words, theme::number(size::SMALL - 0.5), color);
    response.on_hover_text(name);
}

fn tint(share: f32, palette: &Palette) -> egui::Color32 {
    palette
        .raised
        .lerp_to_gamma(palette.bad_soft, (share * 2.0).min(1.0))
        .lerp_to_gamma(palette.bad, ((share - 0.5) * 0.5).max(0.0))
}

fn legend_ui(ui: &mut Ui, palette: &Palette) {
    ui.spacing_mut().item_spacing.x = 4.0;
    ui.label(text::faint("replaced", palette));
    let (rect, response) = ui.allocate_exact_size(vec2(90.0, 10.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, "From real to replaced"));
    for step in 0..18 {
        let share = step as f32 / 17.0;
        let part = egui::Rect::from_min_size(rect.min + vec2(step as f32 * 5.0, 0.0), vec2(5.0, 10.0));
        ui.painter().rect_filled(part, 0.0, tint(share, palette));
    }
    ui.label(text::faint("real", palette));
}
