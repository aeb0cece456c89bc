//! The view that is looked at as a link, and the view that a link leads to.

use std::sync::Arc;

use super::view::Mode;
use super::words::Words;
use super::{ExplorePanel, SHARED};
use crate::inspect::Subject;
use crate::task::Task;
use crate::ui::link::{Link, LinkedData};
use crate::ui::panels::is_same;
use crate::ui::widgets::text::short_name;
use crate::ui::workspace::Workspace;
use crate::ui::{Action, Cx};

/// Letters of a text that the title of a kept view has.
const LETTERS: usize = 48;

impl ExplorePanel {
    /// The view that is looked at, with its title; nothing where no model is open.
    pub fn link(&self, workspace: &Workspace) -> Option<(Link, String)> {
        let mode = self.mode.filter(|_| workspace.explore.subject.is_some())?;
        let dir = self.model.clone()?;
        let words = self.words(mode).unwrap_or_default();
        let (kind, view) = &self.views[mode.view];
        let loaded = workspace.data.loaded.as_ref().filter(|_| view.is_of_data());
        let data = loaded.map(|loaded| LinkedData {
            task: loaded.dataset.task,
            folds: workspace.data.folds(),
            read: workspace.draft.data.clone(),
        });
        let name = workspace.model_name(&dir);
        let model = workspace.shipped_in(&dir).map_or(dir, |shipped| shipped.word().into());
        let link = Link {
            view: mode.head.map_or_else(|| kind.name.to_owned(), |head| head.to_string()),
            model,
            precision: self.precision,
            state: view.kept(&words),
            text: Some(words.text.clone()).filter(|text| !text.is_empty()),
            second: words.pair.clone(),
            data,
            tabs: Vec::new(),
        };
        let title = mode.head.map_or(kind.title, Task::title);
        let of = if words.are_blank() { name } else { format!("{name}: {}", short_name(&words.line(), LETTERS)) };
        Some((link, format!("{title} · {of}")))
    }

    /// Whether it shows what a link leads to.
    pub fn is_at(&self, link: Option<&Arc<Link>>) -> bool {
        link.is_some_and(|link| is_same(self.taken_link.as_ref(), link))
    }

    /// What a link calls a view, where the model has it.
    fn mode_called(&self, name: &str, subject: &Subject) -> Result<Mode, String> {
        if let Some(head) = Task::from_name(name) {
            let mode = self.mode_of(head).filter(|_| subject.heads.contains(&head));
            return mode.ok_or_else(|| format!("This model has no head for {}", head.title().to_lowercase()));
        }
        self.view_called(name)
    }

    /// A view of every model by its name.
    fn view_called(&self, name: &str) -> Result<Mode, String> {
        let of_every = self.of_every_model().find(|mode| self.views[mode.view].0.name == name);
        of_every.ok_or_else(|| {
            let names: Vec<&str> = self.of_every_model().map(|mode| self.views[mode.view].0.name).collect();
            format!("No view is called \u{201c}{name}\u{201d}; there are {} and the tasks of heads", names.join(", "))
        })
    }

    /// A view that no model has is told at once, whether the model of the link opens or not.
    pub(super) fn refuse_link(&mut self, workspace: &Workspace) {
        let Some(link) = workspace.explore.linked.as_ref().filter(|link| !is_same(self.taken_link.as_ref(), link))
        else {
            return;
        };
        if Task::from_name(&link.view).is_none()
            && let Err(why) = self.view_called(&link.view)
        {
            (self.taken_link, self.unfollowed) = (Some(Arc::downgrade(link)), Some(why));
        }
    }

    /// Turns to where a link leads, once its model is open.
    pub(super) fn take_link(&mut self, workspace: &Workspace, subject: &Subject) {
        let Some(link) = workspace.explore.linked.as_ref().filter(|link| !is_same(self.taken_link.as_ref(), link))
        else {
            return;
        };
        self.taken_link = Some(Arc::downgrade(link));
        let mode = match self.mode_called(&link.view, subject) {
            Ok(mode) => mode,
            Err(why) => return self.unfollowed = Some(why),
        };
        self.chosen = Some(mode);
        self.turn_to(Some(mode));
        let words = Words { text: link.text.clone().unwrap_or_default(), pair: link.second.clone() };
        if link.text.is_some() || link.second.is_some() {
            self.write(mode, words.clone());
        }
        // What was sent is not to give way to a text to begin with.
        self.is_lent |= self.has(mode, SHARED);
        if let Err(why) = self.views[mode.view].1.restore(link.state.clone(), &words) {
            self.unfollowed = Some(format!("The view is open as it is at first: {why}"));
        }
        self.meet();
        self.asker.forget();
    }

    pub(super) fn tell_unfollowed(&mut self, cx: &mut Cx<'_>) {
        if let Some(why) = self.unfollowed.take() {
            cx.act(Action::Tell { title: "The link could not be followed whole".to_owned(), why });
        }
    }
}
