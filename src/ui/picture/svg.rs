//! Scalable Vector Graphics (W3C): shapes as shapes and words as words, so that a figure can be edited and searched.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use egui::epaint::{ColorMode, CubicBezierShape, Mesh, PathShape, PathStroke, RectShape, TextShape};
use egui::{Color32, ColorImage, FontFamily, Pos2, Rect, Shape, Stroke, StrokeKind, TextureFilter};

use super::{Drawn, Texture, png};

pub fn write(drawn: &Drawn) -> String {
    let size = drawn.size;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\">\n<rect \
         width=\"100%\" height=\"100%\" {2}/>\n",
        size.x,
        size.y,
        fill(drawn.background)
    );
    let whole = Rect::from_min_size(Pos2::ZERO, size);
    for (place, clipped) in drawn.shapes.iter().enumerate() {
        let mut shape = String::new();
        write_shape(&mut shape, &clipped.shape, drawn);
        if shape.is_empty() {
            continue;
        }
        if clipped.clip_rect.contains_rect(whole)
            || clipped.clip_rect.contains_rect(clipped.shape.visual_bounding_rect())
        {
            out.push_str(&shape);
        } else {
            let clip = clipped.clip_rect.intersect(whole);
            _ = writeln!(
                out,
                "<clipPath id=\"c{place}\"><rect {}/></clipPath>\n<g clip-path=\"url(#c{place})\">\n{shape}</g>",
                sides(clip)
            );
        }
    }
    out.push_str("</svg>\n");
    out
}

fn write_shape(out: &mut String, shape: &Shape, drawn: &Drawn) {
    // Writing into a string cannot fail.
    _ = match shape {
        Shape::Vec(shapes) => {
            for shape in shapes {
                write_shape(out, shape, drawn);
            }
            Ok(())
        }
        Shape::Rect(rect) => write_rect(out, rect),
        Shape::LineSegment { points: [a, b], stroke } if stroke.width > 0.0 => {
            let (x1, y1, x2, y2) = (short(a.x), short(a.y), short(b.x), short(b.y));
            writeln!(out, "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" {}/>", line(*stroke))
        }
        Shape::Circle(circle) => {
            let (x, y, r) = (short(circle.center.x), short(circle.center.y), short(circle.radius));
            writeln!(out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" {} {}/>", fill(circle.fill), line(circle.stroke))
        }
        Shape::Path(path) => write_path(out, path),
        Shape::CubicBezier(curve) => write_curve(out, curve),
        Shape::Text(text) => write_text(out, text),
        Shape::Mesh(mesh) => write_mesh(out, mesh, drawn),
        _ => Ok(()),
    };
}

fn write_rect(out: &mut String, shape: &RectShape) -> std::fmt::Result {
    let grown = match shape.stroke_kind {
        StrokeKind::Inside => shape.rect.shrink(shape.stroke.width / 2.0),
        StrokeKind::Middle => shape.rect,
        StrokeKind::Outside => shape.rect.expand(shape.stroke.width / 2.0),
    };
    if shape.fill == Color32::TRANSPARENT && shape.stroke.is_empty() {
        return Ok(());
    }
    let rounded = format!("rx=\"{}\"", shape.corner_radius.nw);
    writeln!(out, "<rect {} {rounded} {} {}/>", sides(grown), fill(shape.fill), line(shape.stroke))
}

fn write_path(out: &mut String, path: &PathShape) -> std::fmt::Result {
    let points: Vec<String> = path.points.iter().map(|at| format!("{},{}", short(at.x), short(at.y))).collect();
    let name = if path.closed { "polygon" } else { "polyline" };
    let stroke = path_line(&path.stroke);
    writeln!(out, "<{name} points=\"{}\" {} {stroke}/>", points.join(" "), fill(path.fill))
}

fn write_curve(out: &mut String, curve: &CubicBezierShape) -> std::fmt::Result {
    let at = |place: usize| format!("{} {}", short(curve.points[place].x), short(curve.points[place].y));
    let way = format!("M{} C{}, {}, {}", at(0), at(1), at(2), at(3));
    writeln!(out, "<path d=\"{way}\" {} {}/>", fill(curve.fill), path_line(&curve.stroke))
}

/// A text in the font of its beginning, line by line, as wide as it was laid out.
fn write_text(out: &mut String, shape: &TextShape) -> std::fmt::Result {
    let Some(section) = shape.galley.job.sections.first() else { return Ok(()) };
    let own = if section.format.color == Color32::PLACEHOLDER { shape.fallback_color } else { section.format.color };
    let color = shape.override_text_color.unwrap_or(own).gamma_multiply(shape.opacity_factor);
    let font = &section.format.font_id;
    let (family, weight) = family(&font.family);
    for row in &shape.galley.rows {
        let words: String = row.row.glyphs.iter().map(|glyph| glyph.chr).collect();
        let Some(first) = row.row.glyphs.first().filter(|_| !words.trim().is_empty()) else { continue };
        let at = row.pos + first.pos.to_vec2();
        let turned =
            if shape.angle == 0.0 { String::new() } else { format!(" rotate({})", short(shape.angle.to_degrees())) };
        writeln!(
            out,
            "<text transform=\"translate({} {}){turned}\" x=\"{}\" y=\"{}\" textLength=\"{}\" font-family=\"{family}\" \
             font-weight=\"{weight}\" font-size=\"{}\" xml:space=\"preserve\" {}>{}</text>",
            short(shape.pos.x),
            short(shape.pos.y),
            short(at.x),
            short(at.y),
            short(row.row.size.x),
            short(font.size),
            fill(color),
            escaped(&words)
        )?;
    }
    Ok(())
}

/// The families under which others know our fonts.
fn family(family: &FontFamily) -> (&'static str, u32) {
    match family {
        FontFamily::Proportional => ("Inter, sans-serif", 400),
        FontFamily::Monospace => ("JetBrains Mono, monospace", 400),
        named if *named == crate::ui::theme::medium_family() => ("Inter, sans-serif", 500),
        named if *named == crate::ui::theme::semibold_family() => ("Inter, sans-serif", 600),
        named if *named == crate::ui::theme::numbers_medium_family() => ("JetBrains Mono, monospace", 500),
        FontFamily::Name(_) => ("sans-serif", 400),
    }
}

/// Part of a texture as an image of its own.
fn write_mesh(out: &mut String, mesh: &Mesh, drawn: &Drawn) -> std::fmt::Result {
    let Some(texture) = drawn.textures.get(&mesh.texture_id) else { return Ok(()) };
    let uv = mesh.vertices.iter().fold(Rect::NOTHING, |rect, vertex| rect.union(Rect::from_pos(vertex.uv)));
    let (Some(part), true) = (part(texture, uv), uv.is_positive()) else { return Ok(()) };
    let Ok(bytes) = png::encode(&part) else { return Ok(()) };
    let how = if texture.options.magnification == TextureFilter::Nearest { "pixelated" } else { "auto" };
    writeln!(
        out,
        "<image {} preserveAspectRatio=\"none\" style=\"image-rendering:{how}\" href=\"data:image/png;base64,{}\"/>",
        sides(mesh.calc_bounds()),
        STANDARD.encode(bytes)
    )
}

fn part(texture: &Texture, uv: Rect) -> Option<ColorImage> {
    let [width, height] = texture.image.size;
    let place = |share: f32, whole: usize| (share * whole as f32).round().clamp(0.0, whole as f32) as usize;
    let (left, right) = (place(uv.left(), width), place(uv.right(), width));
    let (top, bottom) = (place(uv.top(), height), place(uv.bottom(), height));
    if left >= right || top >= bottom {
        return None;
    }
    let row = |y: usize| texture.image.pixels[y * width + left..y * width + right].iter().copied();
    Some(ColorImage::new([right - left, bottom - top], (top..bottom).flat_map(row).collect()))
}

fn sides(rect: Rect) -> String {
    let (x, y) = (short(rect.left()), short(rect.top()));
    format!("x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\"", short(rect.width()), short(rect.height()))
}

fn fill(color: Color32) -> String {
    paint("fill", color)
}

fn line(stroke: Stroke) -> String {
    if stroke.is_empty() {
        return "stroke=\"none\"".to_owned();
    }
    format!("{} stroke-width=\"{}\"", paint("stroke", stroke.color), short(stroke.width))
}

fn path_line(stroke: &PathStroke) -> String {
    match stroke.color {
        ColorMode::Solid(color) => line(Stroke::new(stroke.width, color)),
        ColorMode::UV(_) => line(Stroke::NONE),
    }
}

fn paint(what: &str, color: Color32) -> String {
    let [r, g, b, a] = color.to_srgba_unmultiplied();
    match a {
        0 => format!("{what}=\"none\""),
        255 => format!("{what}=\"#{r:02x}{g:02x}{b:02x}\""),
        _ => format!("{what}=\"#{r:02x}{g:02x}{b:02x}\" {what}-opacity=\"{}\"", short(f32::from(a) / 255.0)),
    }
}

/// No more digits than can be seen.
fn short(value: f32) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
