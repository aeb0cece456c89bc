//! Map: the rows of the loaded data as points of the plane, by their states in the model. Rows that the model holds for
//! alike lie together, and a typed text lies among them.
//!
//! The rows are read and laid out by the worker when a person asks for it ([`MapRows`]); until they are where they belong,
//! they are seen on their way. What is shown stays when the data or the model change, and says that it is of others.

mod about;
mod controls;
mod keep;
mod kept;
mod kinds;
mod lists;
mod plot;
mod raster;
mod search;
mod shown;

use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::{Receiver, bounded};
use egui::Ui;
use serde_json::{Map as Object, Value};

use crate::analysis::map::{About, Map, Method, PlaceText, Placed};
use crate::inspect::{AnyInquiry, Pooling, Reply, Request, Script, Subject};
use crate::ui::panels::explore::keeping::{self, Unread};
use crate::ui::panels::explore::samples;
use crate::ui::panels::explore::view::{Changed, Kind, SHARED, View};
use crate::ui::panels::explore::words::Words;
use crate::ui::tiles::{Layout, Pane};
use crate::ui::widgets::slice::Slice;
use crate::ui::workspace::{Job, JobKind, Level, Workspace};
use crate::ui::{Action, Cx};
use crate::worker::protocol::LoadedDataset;
use crate::worker::work::AnyWork;
use crate::worker::works::map::{MapRows, OnTheWay, Wish};
use kept::{Kept, Seen};
use kinds::ColourBy;
use lists::List;
use plot::{Done, Drawn, Plot};
use search::Search;
use shown::{Selection, Shown};

pub const KIND: Kind = Kind { name: "map", title: "Map", heads: &[], make: || Box::new(MapView::default()) };

const MAP: Pane = Pane::new("map", "Map");
const ROWS: Pane = Pane::new("map rows", "Rows");

#[derive(Debug)]
struct MapView {
    /// The model that is asked.
    model: Option<PathBuf>,
    wish: Wish,
    running: Option<Running>,
    /// Why there is no map, where one was asked for.
    failed: Option<String>,
    shown: Option<Shown>,
    /// What a person chose to see.
    by: Option<ColourBy>,
    plot: Plot,
    search: Search,
    selected: Option<Selection>,
    opened: Option<usize>,
    placed: Option<(PlaceText, Arc<Reply>)>,
    list: List,
    /// What is to be seen of the rows once they are where they belong.
    to_see: Option<Seen>,
    /// Rows are to be laid out anew, since that was wished while others were shown.
    asks: bool,
}

impl Default for MapView {
    fn default() -> Self {
        let method = Method::Pca;
        let wish = Wish { pooling: Pooling::Mean, layer: None, method, neighbors: method.usual_neighbors(), seed: 42 };
        Self {
            model: None,
            wish,
            running: None,
            failed: None,
            shown: None,
            by: None,
            plot: Plot::default(),
            search: Search::default(),
            selected: None,
            opened: None,
            placed: None,
            list: List::default(),
            to_see: None,
            asks: false,
        }
    }
}

/// A map that was asked for.
#[derive(Debug)]
struct Running {
    work: AnyWork,
    data: Arc<LoadedDataset>,
    model: PathBuf,
    pictures: Receiver<OnTheWay>,
    /// Frames in which nothing was seen of it.
    unseen: u8,
}

impl View for MapView {
    fn layout(&self) -> Layout {
        Layout::Columns(vec![(2.15, MAP.into()), (1.0, Layout::Rows(vec![(0.75, SHARED.into()), (1.6, ROWS.into())]))])
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, cx: &mut Cx<'_>) -> Changed {
        if pane == MAP {
            self.follow(cx.workspace);
            if std::mem::take(&mut self.asks) {
                self.ask(cx);
            }
            return self.map_ui(ui, cx);
        }
        self.lists_ui(ui, cx)
    }

    fn meet(&mut self, subject: &Subject) {
        if self.model.as_ref() != Some(&subject.dir) {
            // The layer of one model is not that of another.
            self.wish.layer = None;
        }
        self.model = Some(subject.dir.clone());
        // A model that has become what it was has the map that it had.
        if let Some(shown) = self.shown.as_mut().filter(|shown| shown.model == subject.dir) {
            shown.is_outdated = shown.known.files != subject.files;
        }
    }

    fn wanted(&self, shared: &Words) -> Option<AnyInquiry> {
        let map = self.map().filter(|_| !shared.are_blank())?;
        let pair = shared.pair.clone().filter(|pair| !pair.trim().is_empty());
        let request = Request { text: shared.text.clone(), pair };
        Some(AnyInquiry::new(PlaceText { request, map: map.clone() }))
    }

    fn take(&mut self, reply: &Arc<Reply>) {
        if let Some(asked) = reply.inquiry.get::<PlaceText>() {
            self.placed = Some((asked.clone(), reply.clone()));
        }
    }

    fn forget(&mut self) {
        (self.placed, self.to_see) = (None, None);
    }

    fn kept(&self, _: &Words) -> Object<String, Value> {
        keeping::written(&Kept::of(self))
    }

    fn restore(&mut self, kept: Object<String, Value>, _: &Words) -> Result<(), Unread> {
        let kept: Kept = keeping::read(kept)?;
        kept.put_into(self)
    }

    fn is_of_data(&self) -> bool {
        true
    }

    fn samples(&self, subject: &Subject) -> Vec<Words> {
        match subject.script {
            Script::Words => samples::alone(&samples::SENTENCES),
            script => vec![Words::of(samples::lesson(script))],
        }
    }
}

impl MapView {
    /// The map that is there, where it is of the model as it is now.
    fn map(&self) -> Option<&Arc<Map>> {
        let shown =
            self.shown.as_ref().filter(|shown| !shown.is_outdated && self.model.as_ref() == Some(&shown.model))?;
        shown.map.as_ref()
    }

    /// Where the typed text lies, if that is known of this map.
    fn placed(&self) -> Option<&Placed> {
        let map = self.map()?;
        let (_, reply) = self.placed.as_ref().filter(|(asked, _)| Arc::ptr_eq(&asked.map, map))?;
        reply.to::<PlaceText>()
    }

    /// Asks for a map of the loaded data.
    fn ask(&mut self, cx: &mut Cx<'_>) {
        let (Some(data), Some(model)) = (cx.workspace.data.loaded.clone(), cx.workspace.explore.model.clone()) else {
            return;
        };
        let kept = cx.workspace.data.states.clone();
        let (on_the_way, pictures) = bounded(1);
        let learned = cx.workspace.data.learned.clone();
        let work = MapRows { data: data.clone(), model: model.clone(), wish: self.wish, kept, learned, on_the_way };
        let work = AnyWork::new(work);
        cx.act(Action::Work(work.clone()));
        self.failed = None;
        self.running = Some(Running { work, data, model, pictures, unseen: 0 });
    }

    /// Takes what came of the map that was asked for.
    fn follow(&mut self, workspace: &Workspace) {
        let Some(mut running) = self.running.take() else { return };
        while let Ok(way) = running.pictures.try_recv() {
            self.see(&running, way);
        }
        let is_it = |work: &MapRows| running.work.get::<MapRows>().is_some_and(|own| std::ptr::eq(own, work));
        if let Some((_, mapped)) = workspace.worked::<MapRows>().filter(|(work, _)| is_it(work)) {
            if !self.is_of(&running) {
                let way = OnTheWay { known: mapped.known(), points: mapped.map.points.clone() };
                self.see(&running, way);
            }
            if let Some(shown) = &mut self.shown {
                shown.arrive(mapped, self.by);
            }
            self.see_again();
            self.plot.change();
            return;
        }
        if job(&running, workspace).is_some() {
            running.unseen = 0;
            self.running = Some(running);
            return;
        }
        // An action is performed after the frame in which it was pushed.
        running.unseen += 1;
        if running.unseen < 4 {
            self.running = Some(running);
            return;
        }
        self.failed = error(&running, workspace);
        self.turn_back();
    }

    /// The map that was there before is there again; rows that were left on their way are none.
    fn turn_back(&mut self) {
        let Some(shown) = &mut self.shown else { return };
        let Some(map) = shown.turn_back(self.by).cloned() else { return self.clear() };
        let About { layer, method, neighbors, seed } = map.about;
        let layer = Some(layer).filter(|layer| layer + 1 < map.read.layers);
        self.wish = Wish { pooling: map.read.pooling, layer, method, neighbors, seed };
        self.plot.change();
    }

    /// Whether what is shown is of the rows that were asked for.
    fn is_of(&self, running: &Running) -> bool {
        let is_of = |shown: &Shown| Arc::ptr_eq(&shown.data, &running.data) && shown.model == running.model;
        self.shown.as_ref().is_some_and(|shown| is_of(shown) && !shown.is_outdated)
    }

    /// Shows points on their way.
    fn see(&mut self, running: &Running, way: OnTheWay) {
        if self.is_of(running)
            && let Some(shown) = &mut self.shown
        {
            shown.depart(way, self.by);
        } else {
            self.clear();
            self.shown = Some(Shown::moving(running.data.clone(), running.model.clone(), way, self.by));
        }
        self.plot.change();
    }

    fn clear(&mut self) {
        (self.shown, self.selected, self.opened, self.placed) = (None, None, None, None);
        self.search.forget();
        self.plot.fit();
        self.plot.change();
    }

    fn plot_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let Some(shown) = &self.shown else { return };
        let (is_other, is_complete) = self.search.go_on(shown.dataset(), &mut Slice::begin());
        if is_other {
            self.plot.change();
        }
        if !is_complete {
            ui.ctx().request_repaint();
        }
        let placed = self.placed().cloned();
        let drawn = Drawn {
            shown,
            selected: self.selected.as_ref(),
            search: &self.search,
            opened: self.opened,
            typed: placed.as_ref(),
        };
        match self.plot.ui(ui, &drawn, cx.palette) {
            Some(Done::Pointed(row)) => lists::tip(ui, shown, row, cx.palette),
            Some(Done::Pressed(row)) => self.open(row),
            Some(Done::Away) => {
                self.opened = None;
                self.select(None);
            }
            Some(Done::Around(rows)) => {
                let total = shown.rows();
                self.select(Selection::new(total, rows.into_iter(), "drawn around on the map"));
            }
            None => {}
        }
    }

    fn open(&mut self, row: usize) {
        self.opened = Some(row);
    }

    fn select(&mut self, selected: Option<Selection>) {
        if selected.is_some() {
            self.list = List::Selected;
        }
        self.selected = selected;
        self.plot.change();
    }
}

/// The job of a map, while there is one.
fn job<'a>(running: &Running, workspace: &'a Workspace) -> Option<&'a Job> {
    workspace.job_where(|kind| matches!(kind, JobKind::Work(work) if *work == running.work))
}

/// Lines of the log among which a failure that has just happened stands.
const RECENT: usize = 8;

/// Why a job has ended without a map; nothing where it was stopped.
fn error(running: &Running, workspace: &Workspace) -> Option<String> {
    let before = format!("{}: ", running.work.title());
    let mut told = workspace.log.iter().rev().take(RECENT).filter(|line| line.level == Level::Error);
    told.find_map(|line| line.text.strip_prefix(&before)).map(str::to_owned)
}
