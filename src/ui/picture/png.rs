//! The Portable Network Graphics format (W3C, 2003), as much of it as a picture without transparency needs.

use std::io::{self, Write};

use egui::ColorImage;
use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

pub fn encode(image: &ColorImage) -> io::Result<Vec<u8>> {
    let [width, height] = image.size;
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = Vec::with_capacity(13);
    head.extend((width as u32).to_be_bytes());
    head.extend((height as u32).to_be_bytes());
    // Eight bits each of red, green and blue.
    head.extend([8, 2, 0, 0, 0]);
    chunk(&mut out, *b"IHDR", &head);
    let mut rows = ZlibEncoder::new(Vec::new(), Compression::default());
    for row in image.pixels.chunks(width.max(1)) {
        let mut line = Vec::with_capacity(1 + 3 * width);
        line.push(0);
        line.extend(row.iter().flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()]));
        rows.write_all(&line)?;
    }
    chunk(&mut out, *b"IDAT", &rows.finish()?);
    chunk(&mut out, *b"IEND", &[]);
    Ok(out)
}

fn chunk(out: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let mut crc = Crc::new();
    crc.update(&kind);
    crc.update(data);
    out.extend((data.len() as u32).to_be_bytes());
    out.extend(kind);
    out.extend(data);
    out.extend(crc.sum().to_be_bytes());
}
