//! Every colour, size and font. No other file writes a colour; a palette is passed to whoever paints.
//!
//! The six series colours are Okabe and Ito's (2008, "Color Universal Design"), made lighter for the dark theme and
//! darker for the light one, so that neighbours stay apart for every common kind of colour blindness.

use egui::{Color32, CornerRadius, FontFamily, FontId, Margin, RichText, Stroke, TextStyle, vec2};

/// The type ramp, in points.
pub mod size {
    pub const SMALL: f32 = 11.0;
    pub const BODY: f32 = 13.0;
    pub const HEAD: f32 = 16.0;
    pub const TITLE: f32 = 20.0;
}

/// The grid: every distance is a multiple of 4.
pub mod space {
    pub const XS: f32 = 4.0;
    pub const S: f32 = 8.0;
    pub const M: f32 = 12.0;
    pub const L: f32 = 16.0;
    pub const XL: f32 = 24.0;
    /// Height of a button, a field and a row of a form.
    pub const ROW: f32 = 28.0;
    /// Height of a row of a table.
    pub const TABLE_ROW: f32 = 28.0;
    pub const RADIUS: u8 = 6;
}

/// The colours of one theme.
#[derive(Debug)]
pub struct Palette {
    pub dark: bool,
    /// Behind the panels.
    pub background: Color32,
    pub panel: Color32,
    /// Fields, cards and buttons that stand out of a panel.
    pub raised: Color32,
    pub hover: Color32,
    pub line: Color32,
    pub text: Color32,
    pub text_dim: Color32,
    pub text_faint: Color32,
    pub accent: Color32,
    pub accent_soft: Color32,
    /// Text on `accent`.
    pub on_accent: Color32,
    pub good: Color32,
    pub good_soft: Color32,
    pub warn: Color32,
    pub warn_soft: Color32,
    pub bad: Color32,
    pub bad_soft: Color32,
    /// Told apart by the colour-blind.
    pub series: [Color32; 6],
    /// Fills for chips and bars behind text in the series' colours.
    pub series_soft: [Color32; 6],
    /// Stops of the heat ramp, from nothing to all.
    heat: [Color32; 4],
}

#[expect(clippy::disallowed_methods, reason = "this is the one place where colours are written")]
const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

pub static DARK: Palette = Palette {
    dark: true,
    background: rgb(0x0D_10_15),
    panel: rgb(0x14_18_1F),
    raised: rgb(0x1C_21_2B),
    hover: rgb(0x25_2C_38),
    line: rgb(0x27_2E_3A),
    text: rgb(0xE5_E9_F0),
    text_dim: rgb(0x9D_A7_B6),
    text_faint: rgb(0x76_80_90),
    accent: rgb(0x7D_A2_FF),
    accent_soft: rgb(0x1D_2A_4D),
    on_accent: rgb(0x0A_12_26),
    good: rgb(0x52_C4_91),
    good_soft: rgb(0x14_30_28),
    warn: rgb(0xE9_B0_4B),
    warn_soft: rgb(0x37_2B_14),
    bad: rgb(0xF2_7C_84),
    bad_soft: rgb(0x3D_1D_23),
    series: [rgb(0x66_AE_F5), rgb(0xEF_A9_3C), rgb(0x3F_C1_9B), rgb(0xE0_8C_C4), rgb(0xF0_7F_58), rgb(0xDD_D2_5E)],
    series_soft: [rgb(0x1A_2E_45), rgb(0x3A_2D_17), rgb(0x15_34_2D), rgb(0x38_27_37), rgb(0x3D_25_1E), rgb(0x35_33_1C)],
    heat: [rgb(0x17_1C_25), rgb(0x21_3A_6B), rgb(0x4A_7F_E0), rgb(0xC9_DC_FF)],
};

pub static LIGHT: Palette = Palette {
    dark: false,
    background: rgb(0xF1_F3_F6),
    panel: rgb(0xFF_FF_FF),
    raised: rgb(0xF6_F7_F9),
    hover: rgb(0xEA_ED_F2),
    line: rgb(0xDF_E3_E9),
    text: rgb(0x16_1B_24),
    text_dim: rgb(0x53_5E_6E),
    text_faint: rgb(0x75_7F_8E),
    accent: rgb(0x36_56_D4),
    accent_soft: rgb(0xE5_EB_FD),
    on_accent: rgb(0xFF_FF_FF),
    good: rgb(0x17_7A_50),
    good_soft: rgb(0xDE_F3_E8),
    warn: rgb(0x93_60_00),
    warn_soft: rgb(0xFB_EF_D6),
    bad: rgb(0xC0_2F_3B),
    bad_soft: rgb(0xFC_E5_E7),
    series: [rgb(0x1C_6D_C8), rgb(0xB9_72_00), rgb(0x0A_85_62), rgb(0xAC_47_88), rgb(0xC8_4A_1E), rgb(0x80_73_00)],
    series_soft: [rgb(0xE0_EC_FA), rgb(0xFB_EE_D8), rgb(0xDD_F2_EB), rgb(0xF6_E5_F0), rgb(0xFB_E6_DE), rgb(0xF3_EF_D0)],
    heat: [rgb(0xF6_F7_F9), rgb(0xC3_D3_F8), rgb(0x54_7B_E6), rgb(0x1B_2E_86)],
};

impl Palette {
    pub fn of(dark: bool) -> &'static Self {
        if dark { &DARK } else { &LIGHT }
    }

    /// The palette of whatever theme a `Ui` is drawn in, for widgets that are given none.
    pub fn current(ui: &egui::Ui) -> &'static Self {
        Self::of(ui.visuals().dark_mode)
    }

    /// A colour for a share from 0 to 1, darker or brighter the larger it is.
    pub fn heat(&self, share: f32) -> Color32 {
        let place = share.clamp(0.0, 1.0) * (self.heat.len() - 1) as f32;
        let low = (place as usize).min(self.heat.len() - 2);
        self.heat[low].lerp_to_gamma(self.heat[low + 1], place - low as f32)
    }

    /// Text that can be read on [`Self::heat`] of the same share.
    pub fn on_heat(&self, share: f32) -> Color32 {
        let fill = self.heat(share);
        let light = 0.299 * f32::from(fill.r()) + 0.587 * f32::from(fill.g()) + 0.114 * f32::from(fill.b());
        let (bright, deep) = if self.dark { (self.text, self.background) } else { (self.panel, self.text) };
        if light < 115.0 { bright } else { deep }
    }

    /// What speaks for something, and what speaks against it: the two ends of a scale whose middle is nothing.
    pub fn for_and_against(&self) -> [Color32; 2] {
        [self.series[0], self.series[4]]
    }

    /// A fill that carries text, for a weight from -1 (against) over 0 (nothing) to 1 (for).
    pub fn diverging(&self, weight: f32) -> Color32 {
        let [towards, against] = self.for_and_against();
        let end = if weight < 0.0 { against } else { towards };
        // Text in the usual colour can be read on it.
        end.gamma_multiply(weight.abs().min(1.0) * if self.dark { 0.42 } else { 0.34 })
    }

    /// The colour of a class by its index.
    pub fn label(&self, index: usize) -> Color32 {
        self.series[index % self.series.len()]
    }

    /// A quiet fill that carries text in [`Self::label`].
    pub fn label_soft(&self, index: usize) -> Color32 {
        self.series_soft[index % self.series_soft.len()]
    }
}

const MEDIUM: &str = "medium";
const SEMIBOLD: &str = "semibold";
const NUMBERS_MEDIUM: &str = "numbers-medium";

/// The names under which [`super::fonts`] installs the families beside egui's own two.
pub fn family(name: &'static str) -> FontFamily {
    FontFamily::Name(name.into())
}

pub fn medium_family() -> FontFamily {
    family(MEDIUM)
}

pub fn semibold_family() -> FontFamily {
    family(SEMIBOLD)
}

pub fn numbers_medium_family() -> FontFamily {
    family(NUMBERS_MEDIUM)
}

pub fn regular(size: f32) -> FontId {
    FontId::proportional(size)
}

pub fn medium(size: f32) -> FontId {
    FontId::new(size, medium_family())
}

pub fn semibold(size: f32) -> FontId {
    FontId::new(size, semibold_family())
}

/// Digits of one width, for numbers that change and for columns.
pub fn number(size: f32) -> FontId {
    FontId::monospace(size)
}

pub fn number_medium(size: f32) -> FontId {
    FontId::new(size, numbers_medium_family())
}

/// An icon as text of the icon font.
pub fn icon(icon: egui_material_icons::MaterialIcon, size: f32) -> RichText {
    icon.rich_text().size(size)
}

/// Sets both themes' styles; the context's theme preference chooses between them.
pub fn install(ctx: &egui::Context) {
    ctx.set_style_of(egui::Theme::Dark, style(&DARK));
    ctx.set_style_of(egui::Theme::Light, style(&LIGHT));
}

fn style(palette: &Palette) -> egui::Style {
    let mut style = egui::Style { visuals: visuals(palette), animation_time: 0.12, ..egui::Style::default() };
    style.text_styles = [
        (TextStyle::Small, regular(size::SMALL)),
        (TextStyle::Body, regular(size::BODY)),
        (TextStyle::Button, medium(size::BODY)),
        (TextStyle::Heading, semibold(size::HEAD)),
        (TextStyle::Monospace, number(size::BODY - 1.0)),
    ]
    .into();
    style.drag_value_text_style = TextStyle::Monospace;
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(space::S, space::S);
    spacing.button_padding = vec2(space::M, 5.0);
    spacing.interact_size = vec2(36.0, space::ROW);
    spacing.menu_margin = Margin::same(6);
    spacing.window_margin = Margin::same(16);
    spacing.icon_width = 16.0;
    spacing.icon_width_inner = 8.0;
    spacing.icon_spacing = 6.0;
    spacing.combo_width = 96.0;
    spacing.slider_rail_height = 4.0;
    spacing.tooltip_width = 360.0;
    spacing.scroll = egui::style::ScrollStyle::thin();
    spacing.scroll.bar_width = 6.0;
    spacing.scroll.floating_width = 4.0;
    spacing.scroll.foreground_color = true;
    // In the text's colour at full strength a scroll bar would be the brightest thing on the screen.
    spacing.scroll.dormant_handle_opacity = 0.18;
    spacing.scroll.active_handle_opacity = 0.28;
    spacing.scroll.interact_handle_opacity = 0.5;
    spacing.scroll.active_background_opacity = 0.0;
    spacing.scroll.interact_background_opacity = 0.0;
    style.interaction.tooltip_delay = 0.4;
    style.interaction.selectable_labels = false;
    style
}

fn visuals(palette: &Palette) -> egui::Visuals {
    let mut visuals = if palette.dark { egui::Visuals::dark() } else { egui::Visuals::light() };
    let radius = CornerRadius::same(space::RADIUS);
    visuals.override_text_color = None;
    visuals.weak_text_color = Some(palette.text_faint);
    visuals.panel_fill = palette.panel;
    visuals.window_fill = palette.panel;
    visuals.window_stroke = Stroke::new(1.0, palette.line);
    visuals.window_corner_radius = CornerRadius::same(10);
    visuals.menu_corner_radius = CornerRadius::same(8);
    visuals.extreme_bg_color = palette.background;
    visuals.text_edit_bg_color = Some(if palette.dark { palette.background } else { palette.panel });
    visuals.faint_bg_color = palette.raised;
    visuals.code_bg_color = palette.raised;
    visuals.hyperlink_color = palette.accent;
    visuals.warn_fg_color = palette.warn;
    visuals.error_fg_color = palette.bad;
    visuals.selection.bg_fill = palette.accent_soft;
    visuals.selection.stroke = Stroke::new(1.0, palette.accent);
    visuals.slider_trailing_fill = true;
    visuals.indent_has_left_vline = false;
    visuals.striped = false;
    visuals.interact_cursor = Some(egui::CursorIcon::PointingHand);
    let shadow = egui::Shadow {
        offset: [0, 6],
        blur: 24,
        spread: 0,
        color: Color32::from_black_alpha(if palette.dark { 120 } else { 36 }),
    };
    visuals.window_shadow = shadow;
    visuals.popup_shadow = egui::Shadow { offset: [0, 4], blur: 16, ..shadow };
    let widget = |fill: Color32, line: Color32, text: Color32| egui::style::WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, line),
        corner_radius: radius,
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    let strong_line = palette.line.lerp_to_gamma(palette.text_faint, 0.5);
    visuals.widgets.noninteractive = widget(palette.panel, palette.line, palette.text);
    visuals.widgets.inactive = widget(palette.raised, palette.line, palette.text);
    visuals.widgets.hovered = widget(palette.hover, strong_line, palette.text);
    visuals.widgets.active = widget(palette.hover, palette.accent, palette.text);
    visuals.widgets.open = widget(palette.hover, strong_line, palette.text);
    visuals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(color: Color32) -> f32 {
        let channel = |value: u8| {
            let value = f32::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(color.r()) + 0.7152 * channel(color.g()) + 0.0722 * channel(color.b())
    }

    fn contrast(one: Color32, two: Color32) -> f32 {
        let (one, two) = (luminance(one), luminance(two));
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// The web's accessibility guideline asks 4.5 of text and 3 of marks.
    #[test]
    fn text_can_be_read_on_every_surface_it_stands_on() {
        for palette in [&DARK, &LIGHT] {
            for surface in [palette.background, palette.panel, palette.raised] {
                assert!(contrast(palette.text, surface) > 7.0);
                assert!(contrast(palette.text_dim, surface) > 4.5, "dim on {surface:?}");
                assert!(contrast(palette.text_faint, surface) > 3.5, "faint on {surface:?}");
                for mark in palette.series {
                    assert!(contrast(mark, surface) > 3.0, "{mark:?} on {surface:?}");
                }
            }
            assert!(contrast(palette.on_accent, palette.accent) > 4.5);
            for (text, soft) in [
                (palette.accent, palette.accent_soft),
                (palette.good, palette.good_soft),
                (palette.warn, palette.warn_soft),
                (palette.bad, palette.bad_soft),
            ] {
                assert!(contrast(text, soft) > 4.0, "{text:?} on {soft:?}");
            }
            for step in 0..=20 {
                let share = step as f32 / 20.0;
                assert!(contrast(palette.on_heat(share), palette.heat(share)) > 3.0, "heat {share}");
            }
        }
    }
}
