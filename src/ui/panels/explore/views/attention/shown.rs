//! A square of attention made ready to be looked at: its numbers, its picture and its strongest lines, a few rows a frame.

use std::sync::Arc;

use egui::{Color32, ColorImage, Context, TextureHandle, TextureOptions};

use crate::inspect::attention::{Lens, Tokens, Units, quantized};
use crate::ui::theme::Palette;
use crate::ui::widgets::slice::Slice;

/// Lines between tokens that are drawn at most.
pub const MOST_LINES: usize = 1500;

const LEAST_TOP: f32 = 0.05;

/// What a picture is of.
#[derive(Clone, Debug)]
pub struct Of {
    pub square: Arc<[f32]>,
    pub lens: Lens,
    /// Shares below it are not drawn.
    pub least: f32,
    pub dark: bool,
}

impl PartialEq for Of {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.square, &other.square)
            && (self.lens, self.least, self.dark) == (other.lens, other.least, other.dark)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    pub from: usize,
    pub to: usize,
    pub share: f32,
}

pub struct Shown {
    pub of: Of,
    pub units: Units,
    /// The most that is given in it.
    most: f32,
    /// Letters of its longest label.
    pub longest: usize,
    /// Strongest first.
    pub lines: Vec<Line>,
    /// Row by row; not a number where a cell is not looked at.
    values: Vec<f32>,
    colors: Vec<Color32>,
    ramp: Vec<Color32>,
    texture: Option<TextureHandle>,
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shown").field("of", &self.of.lens).finish_non_exhaustive()
    }
}

impl Shown {
    pub fn new(of: Of, tokens: &Tokens) -> Self {
        let units = Units::of(tokens, of.lens);
        let longest = units.all.iter().map(|unit| unit.label.chars().count()).max().unwrap_or(0);
        let room = units.all.len() * units.all.len();
        Self {
            of,
            units,
            most: 0.0,
            longest,
            lines: Vec::new(),
            values: Vec::with_capacity(room),
            colors: Vec::with_capacity(room),
            ramp: Vec::new(),
            texture: None,
        }
    }

    pub fn count(&self) -> usize {
        self.units.all.len()
    }

    /// What one gives to another; nothing where that is not looked at.
    pub fn value(&self, from: usize, to: usize) -> Option<f32> {
        self.values.get(from * self.count() + to).copied().filter(|value| !value.is_nan())
    }

    /// The share that has the strongest colour: what is next to nothing does not shine for being the most there is.
    pub fn top(&self) -> f32 {
        self.most.max(LEAST_TOP)
    }

    /// How strongly a share is coloured, from 0 to 1.
    pub fn strength(&self, share: f32) -> f32 {
        (share / self.top()).clamp(0.0, 1.0).sqrt()
    }

    /// Whether a share is large enough to be drawn.
    pub fn draws(&self, share: f32) -> bool {
        share >= self.of.least
    }

    pub fn texture(&self) -> Option<&TextureHandle> {
        self.texture.as_ref()
    }

    /// Works until the slice is over. Returns whether everything is there.
    pub fn build(&mut self, ctx: &Context, palette: &Palette, slice: &mut Slice) -> bool {
        let count = self.count();
        while self.values.len() < count * count && !slice.is_over() {
            self.read_row(self.values.len() / count);
            slice.spend(count * 16);
        }
        if self.values.len() < count * count {
            return false;
        }
        if self.ramp.is_empty() {
            self.ramp = (0..=255).map(|step| palette.heat(step as f32 / 255.0)).collect();
            self.lines.sort_unstable_by(|a, b| b.share.total_cmp(&a.share));
            self.lines.truncate(MOST_LINES);
        }
        self.texture.is_some() || count == 0 || self.paint(ctx, slice)
    }

    fn paint(&mut self, ctx: &Context, slice: &mut Slice) -> bool {
        let count = self.count();
        while self.colors.len() < count * count && !slice.is_over() {
            self.color_row(self.colors.len() / count);
            slice.spend(count * 16);
        }
        if self.colors.len() < count * count {
            return false;
        }
        let image = ColorImage::new([count, count], std::mem::take(&mut self.colors));
        self.texture = Some(ctx.load_texture("attention", image, TextureOptions::NEAREST));
        true
    }

    fn read_row(&mut self, from: usize) {
        for (to, value) in self.units.row(&self.of.square, from).into_iter().enumerate() {
            let share = value.unwrap_or(0.0);
            self.most = self.most.max(share);
            if share > 0.004 && share >= self.of.least {
                self.lines.push(Line { from, to, share });
            }
            self.values.push(value.unwrap_or(f32::NAN));
        }
        if self.lines.len() > 64 * MOST_LINES {
            self.lines.select_nth_unstable_by(MOST_LINES, |a, b| b.share.total_cmp(&a.share));
            self.lines.truncate(MOST_LINES);
        }
    }

    fn color_row(&mut self, from: usize) {
        let count = self.count();
        let scale = 1.0 / self.top();
        let row = &self.values[from * count..(from + 1) * count];
        let color = |value: &f32| match *value {
            share if share.is_nan() || share < self.of.least => self.ramp[0],
            share => self.ramp[usize::from(quantized(share * scale))],
        };
        self.colors.extend(row.iter().map(color));
    }
}
