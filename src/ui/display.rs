//! Why the window cannot be opened, in words that name what is missing and the packages that bring it.
//!
//! The libraries of the window are opened when the program runs, not when it is built, so a machine may lack one. Two of
//! them end the program with a panic inside their crate; they are asked for before.

use eframe::Error;

/// The window cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the window: {reason}")]
pub struct NoWindow {
    reason: String,
}

/// What a machine may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lack {
    Display,
    Answer,
    Keyboard,
    X11,
    Wayland,
    OpenGl,
}

impl Lack {
    fn sentence(self) -> &'static str {
        match self {
            Self::Display => {
                "neither WAYLAND_DISPLAY nor DISPLAY is set, so there is no screen to open it on; start Attune in a \
                 desktop session, or use its commands, which need no window (attune help)"
            }
            Self::Answer => "the display that DISPLAY names does not answer",
            Self::Keyboard => {
                "the library xkbcommon is missing; install libxkbcommon0 and libxkbcommon-x11-0 (Debian, Ubuntu), or \
                 libxkbcommon and libxkbcommon-x11 (Fedora, Arch)"
            }
            Self::X11 => {
                "a library of X11 is missing; install libx11-6, libx11-xcb1, libxcursor1, libxi6 and libxrandr2 \
                 (Debian, Ubuntu), libX11, libX11-xcb, libXcursor, libXi and libXrandr (Fedora), or libx11, libxcursor, \
                 libxi and libxrandr (Arch)"
            }
            Self::Wayland => {
                "a library of Wayland is missing; install libwayland-client0, libwayland-cursor0 and libwayland-egl1 \
                 (Debian, Ubuntu), libwayland-client, libwayland-cursor and libwayland-egl (Fedora), or wayland (Arch)"
            }
            Self::OpenGl => {
                "there is no OpenGL driver; install libgl1, libegl1 and libgl1-mesa-dri (Debian, Ubuntu), mesa-libGL, \
                 mesa-libEGL and mesa-dri-drivers (Fedora), or mesa (Arch)"
            }
        }
    }
}

/// What is asked for before, because its absence would be a panic.
#[cfg(target_os = "linux")]
pub(super) fn before() -> Result<(), NoWindow> {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_wayland = is_set("WAYLAND_DISPLAY") || is_set("WAYLAND_SOCKET");
    let is_here = xkbcommon_dl::xkbcommon_option().is_some()
        && (is_wayland || !is_set("DISPLAY") || xkbcommon_dl::x11::xkbcommon_x11_option().is_some());
    if is_here { Ok(()) } else { Err(NoWindow { reason: Lack::Keyboard.sentence().to_owned() }) }
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "other systems bring what a window needs")]
pub(super) fn before() -> Result<(), NoWindow> {
    Ok(())
}

impl From<Error> for NoWindow {
    fn from(error: Error) -> Self {
        let said = error.to_string();
        let lack = lack(&said, matches!(error, Error::Glutin(_) | Error::NoGlutinConfigs(..) | Error::OpenGL(_)));
        Self { reason: lack.map_or(said, |lack| lack.sentence().to_owned()) }
    }
}

fn lack(said: &str, is_open_gl: bool) -> Option<Lack> {
    let known = [
        ("nor DISPLAY is set", Lack::Display),
        ("Failed to open connection to X server", Lack::Answer),
        ("xlib's shared libraries", Lack::X11),
        ("libwayland", Lack::Wayland),
    ];
    let found = known.into_iter().find(|(words, _)| said.contains(words)).map(|(_, lack)| lack);
    found.or(is_open_gl.then_some(Lack::OpenGl))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_packages() {
        let os = "winit EventLoopError: os error at src/mod.rs:788: ";
        let check =
            |said: &str, open_gl, expected| assert_eq!(lack(&format!("{os}{said}"), open_gl), expected, "{said}");
        check("neither WAYLAND_DISPLAY nor WAYLAND_SOCKET nor DISPLAY is set.", false, Some(Lack::Display));
        check("Failed to open connection to X server", false, Some(Lack::Answer));
        check("Failed to load one of xlib's shared libraries", false, Some(Lack::X11));
        check("Library libwayland-client.so could not be loaded", false, Some(Lack::Wayland));
        check("Found no glutin configs matching the template", true, Some(Lack::OpenGl));
        check("something else", false, None);
    }

    #[test]
    fn an_error_that_is_not_known_is_told_as_it_is() {
        let told = NoWindow::from(Error::AppCreation("the disk is full".into())).to_string();
        assert!(told.starts_with("cannot open the window: ") && told.contains("the disk is full"), "{told}");
    }
}
