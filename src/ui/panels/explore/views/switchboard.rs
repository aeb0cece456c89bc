//! Heads and layers switched off: a grid of all heads, coloured by what they matter for the loaded data; a press switches one
//! off, and what the model says of the text, what its heads look at and how well it does on a sample follow.

mod about;
mod grid;
mod measured;
mod says;

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Label, Ui};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::analysis::switchboard::{Board, ScoreWith, Scored};
use crate::inspect::attention::{Attend, Seen};
use crate::inspect::switches::{Both, Switched, Switches, Without};
use crate::inspect::why::Asked;
use crate::inspect::{AnyInquiry, Reply, Request, Subject};
use crate::task::Task;
use crate::ui::Cx;
use crate::ui::format;
use crate::ui::panels::explore::keeping::{self, Head, Layer, Unread};
use crate::ui::panels::explore::told::{self, Told, can_answer};
use crate::ui::panels::explore::view::{Changed, Kind, SHARED, View};
use crate::ui::panels::explore::words::Words;
use crate::ui::theme::space;
use crate::ui::tiles::{Layout, Pane};
use crate::ui::widgets::choice::{choice, named};
use crate::ui::widgets::help::help;
use crate::ui::widgets::line::{self, line};
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{Button, text};
use grid::{Grid, Pressed};
use measured::Measuring;

pub const KIND: Kind =
    Kind { name: "switchboard", title: "Switches", heads: &[], make: || Box::new(Switchboard::default()) };

const GRID: Pane = Pane::new("switchboard", "Heads and layers");
const SAYS: Pane = Pane::new("switched prediction", "What it says");
const SAMPLE: Pane = Pane::new("switched sample", "On a sample");

/// What the cells of the grid show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Shows {
    /// What each matters by the gradient.
    Importance,
    /// What is lost without each.
    Exact,
    /// What each looks at.
    #[default]
    Attention,
}

/// What is kept of it.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Kept {
    task: Option<Task>,
    heads_off: BTreeSet<(Layer, Head)>,
    feed_forwards_off: BTreeSet<Layer>,
    shows: Option<Shows>,
    rows: Option<usize>,
    exact: bool,
}

#[derive(Debug, Default)]
struct Switchboard {
    heads: Vec<Task>,
    head: Option<Task>,
    off: Switches,
    /// What a person chose to see; otherwise what is known.
    shows: Option<Shows>,
    told: Told,
    says: Option<(Without, Both)>,
    seen: Option<(Switched<Attend>, Arc<Seen>)>,
    /// Scores of the sample, the newest at the end.
    scores: Vec<(ScoreWith, Scored)>,
    /// What cannot be answered, and why, the newest at the end.
    failed: Vec<(AnyInquiry, String)>,
    /// What was measured of this model and these data, as it was last in sight.
    board: Option<Arc<Board>>,
    measuring: Measuring,
    grid: Grid,
}

/// Scores that are kept, and failures.
const MOST_SCORES: usize = 64;
const MOST_FAILED: usize = 16;

impl View for Switchboard {
    fn layout(&self) -> Layout {
        let left = Layout::Rows(vec![(0.75, SHARED.into()), (2.2, GRID.into())]);
        let right = Layout::Rows(vec![(1.0, SAYS.into()), (1.1, SAMPLE.into())]);
        Layout::Columns(vec![(1.6, left), (1.0, right)])
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, cx: &mut Cx<'_>) -> Changed {
        self.board = measured::found(cx.workspace);
        if !can_answer(ui, cx) {
            return Changed::No;
        }
        match pane {
            GRID => self.grid_pane_ui(ui, cx),
            SAYS => {
                self.says_ui(ui, cx.palette);
                Changed::No
            }
            _ => {
                self.sample_ui(ui, cx);
                Changed::No
            }
        }
    }

    fn meet(&mut self, subject: &Subject) {
        self.heads.clone_from(&subject.heads);
        if self.head.is_none_or(|head| !subject.heads.contains(&head)) {
            self.head = subject.heads.first().copied();
        }
    }

    fn turn_to(&mut self, head: Task) {
        if self.heads.contains(&head) {
            self.head = Some(head);
        }
    }

    /// First what the model says, then what its heads look at, then how it does on the sample.
    fn wanted(&self, shared: &Words) -> Option<AnyInquiry> {
        let says = self.says_of(shared).filter(|asked| self.says.as_ref().is_none_or(|(known, _)| known != asked));
        let seen = self.seen_of(shared).filter(|asked| self.seen.as_ref().is_none_or(|(known, _)| known != asked));
        let score = self.score_of().filter(|asked| self.score(asked).is_none());
        let all = [says.map(AnyInquiry::new), seen.map(AnyInquiry::new), score.map(AnyInquiry::new)];
        let can = |inquiry: &AnyInquiry| self.failed.iter().all(|(failed, _)| failed != inquiry);
        all.into_iter().flatten().find(can)
    }

    fn told(&mut self) -> Option<&mut Told> {
        Some(&mut self.told)
    }

    fn take(&mut self, reply: &Arc<Reply>) {
        if let (Some(asked), Some(both)) = (reply.inquiry.get::<Without>(), reply.to::<Without>()) {
            self.told.take(reply);
            self.says = Some((asked.clone(), both.clone()));
        }
        if let (Some(asked), Some(seen)) = (reply.inquiry.get::<Switched<Attend>>(), reply.to::<Switched<Attend>>()) {
            self.seen = Some((asked.clone(), seen.clone()));
        }
        if let (Some(asked), Some(scored)) = (reply.inquiry.get::<ScoreWith>(), reply.to::<ScoreWith>()) {
            self.scores.retain(|(known, _)| Arc::ptr_eq(&known.sample, &asked.sample));
            if self.scores.len() == MOST_SCORES {
                self.scores.remove(0);
            }
            self.scores.push((asked.clone(), *scored));
        }
    }

    fn fail(&mut self, inquiry: &AnyInquiry, error: &str) {
        if self.failed.len() == MOST_FAILED {
            self.failed.remove(0);
        }
        self.failed.push((inquiry.clone(), error.to_owned()));
    }

    fn forget(&mut self) {
        self.told.forget();
        self.off = Switches::default();
        self.says = None;
        self.seen = None;
        self.scores.clear();
        self.failed.clear();
        self.board = None;
    }

    fn kept(&self, _: &Words) -> Map<String, Value> {
        let heads_off = self.off.heads.iter().map(|(layer, head)| (Layer(*layer), Head(*head))).collect();
        let feed_forwards_off = self.off.feed_forward.iter().copied().map(Layer).collect();
        let Measuring { rows, exact } = self.measuring;
        let rows = Some(rows).filter(|rows| *rows != Measuring::default().rows);
        keeping::written(&Kept { task: self.head, heads_off, feed_forwards_off, shows: self.shows, rows, exact })
    }

    fn restore(&mut self, kept: Map<String, Value>, _: &Words) -> Result<(), Unread> {
        let Kept { task, heads_off, feed_forwards_off, shows, rows, exact } = keeping::read(kept)?;
        if let Some(task) = task {
            keeping::among(task, &self.heads)?;
            self.turn_to(task);
        }
        self.off = Switches {
            heads: heads_off.into_iter().map(|(layer, head)| (layer.0, head.0)).collect(),
            feed_forward: feed_forwards_off.into_iter().map(|layer| layer.0).collect(),
        };
        self.measuring = Measuring { rows: rows.unwrap_or(Measuring::default().rows).max(1), exact };
        self.shows = shows;
        Ok(())
    }

    fn is_of_data(&self) -> bool {
        true
    }
}

impl Switchboard {
    fn says_of(&self, words: &Words) -> Option<Without> {
        let task = self.head.filter(|_| !words.are_blank())?;
        let asked = Asked { task: Some(task), text: words.text.clone(), pair: words.pair.clone(), ..Asked::default() };
        Some(Without { asked, switches: self.off.clone() })
    }

    fn seen_of(&self, words: &Words) -> Option<Switched<Attend>> {
        if words.are_blank() {
            return None;
        }
        let request = Request { text: words.text.clone(), pair: words.pair.clone() };
        Some(Switched { switches: self.off.clone(), inquiry: Attend(request) })
    }

    fn score_of(&self) -> Option<ScoreWith> {
        let board = self.board.as_ref().filter(|_| !self.off.is_empty())?;
        Some(ScoreWith { sample: board.sample.clone(), switches: self.off.clone() })
    }

    /// How the model does on the sample, where that is known.
    fn score(&self, asked: &ScoreWith) -> Option<Scored> {
        self.scores.iter().find(|(known, _)| known == asked).map(|(_, scored)| *scored)
    }

    /// Why it cannot be told, where it cannot.
    fn failure(&self, asked: &ScoreWith) -> Option<&str> {
        let found = self.failed.iter().find(|(inquiry, _)| inquiry.get() == Some(asked));
        found.map(|(_, error)| error.as_str())
    }

    /// What the cells show: what a person chose, where it is known.
    fn shown(&self) -> Shows {
        let exact = self.board.as_ref().is_some_and(|board| board.without.is_some());
        match self.shows {
            Some(Shows::Exact) if exact => Shows::Exact,
            Some(Shows::Exact | Shows::Importance) | None if self.board.is_some() => Shows::Importance,
            Some(Shows::Importance | Shows::Exact | Shows::Attention) | None => Shows::Attention,
        }
    }

    fn grid_pane_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> Changed {
        let palette = cx.palette;
        let Some((_, seen)) = self.seen.clone() else {
            let words = told::waiting(cx, None, "The heads appear here once there is a text");
            ui.label(text::dim(words, palette));
            return Changed::No;
        };
        let mut changed = self.head_ui(ui, cx);
        ui.add(Label::new(text::dim(self.sentence(), palette)).wrap());
        ui.add_space(space::XS);
        let shows = self.shown();
        let board = self.board.clone();
        if let Some(pressed) = self.grid.ui(ui, &seen, shows, board.as_deref(), &self.off, palette) {
            match pressed {
                Pressed::Head(layer, head) => self.off.turn_head(layer, head),
                Pressed::Attention(layer) => self.off.turn_attention(layer, seen.heads),
                Pressed::FeedForward(layer) => self.off.turn_feed_forward(layer),
            }
            changed = Changed::Chosen;
        }
        changed
    }

    /// What the cells show, and presses that switch many.
    fn head_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> Changed {
        let palette = cx.palette;
        let mut changed = Changed::No;
        line(ui, space::ROW, |ui| {
            help(ui, &about::SWITCHES, palette);
            let on = Button::new("All on").small().enabled(!self.off.is_empty());
            if on.show(ui, palette).clicked() {
                self.off = Switches::default();
                changed = Changed::Chosen;
            }
            if let Some(board) = &self.board {
                let mut chosen = None;
                choice(ui, "Switch off the least important", 184.0, "Least important off", |ui| {
                    for percent in [10, 25, 50, 75] {
                        let count = (board.of_heads.len() * percent).div_ceil(100);
                        let words = format!("{percent} % · {}", format::plural(count as u64, "head", "heads"));
                        if named(ui, false, &words) {
                            chosen = Some(count);
                        }
                    }
                });
                if let Some(count) = chosen {
                    self.off.heads = board.least_first().into_iter().take(count).collect();
                    changed = Changed::Chosen;
                }
            }
            line::left(ui, |ui| {
                let mut choices = vec![(Shows::Attention, "Attention")];
                if let Some(board) = &self.board {
                    choices.push((Shows::Importance, "Importance"));
                    choices.extend(board.without.is_some().then_some((Shows::Exact, "Loss without")));
                }
                if let Some(shows) = segmented(ui, palette, self.shown(), &choices, false) {
                    self.shows = Some(shows);
                }
            });
        });
        changed
    }

    /// What one sees.
    fn sentence(&self) -> String {
        let of = match self.shown() {
            Shows::Attention => "Each head with what it looks at in the text",
            Shows::Importance => "Each head by how fast the loss changes with it",
            Shows::Exact => "Each head by the loss of the sample without it",
        };
        let off = match (self.off.heads.len(), self.off.feed_forward.len()) {
            (0, 0) => "press one, a layer's number or its feed-forward to switch it off".to_owned(),
            (heads, 0) => format!("{} off", heads_words(heads)),
            (0, layers) => format!("{} off", feed_forward_words(layers)),
            (heads, layers) => format!("{} and {} off", heads_words(heads), feed_forward_words(layers)),
        };
        format!("{of}; {off}")
    }
}

fn heads_words(count: usize) -> String {
    format::plural(count as u64, "head", "heads")
}

fn feed_forward_words(count: usize) -> String {
    format::plural(count as u64, "feed-forward", "feed-forwards")
}
