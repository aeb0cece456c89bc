//! Which file of a crate names what of which other: the sources, read without a compiler.
//!
//! Every path outside of tests is followed to the file that defines its name, through imports, globs and what other
//! modules hand on. What hands a name on (`pub use`, `mod`) does not use it. Methods have no path and are not seen, nor
//! is what a macro makes; a path from `crate`, `self` or `super` that leads nowhere is kept, so that a test can say that
//! there is none.

use std::collections::{BTreeMap, BTreeSet};

use super::product;

/// A crate as its modules and what each file names of the others.
#[derive(Default)]
pub struct Imports {
    /// Paths below `src`.
    pub files: Vec<String>,
    modules: Vec<Module>,
    /// Paths that lead nowhere, with the file they stand in.
    pub lost: Vec<String>,
}

/// File → file, with the names that the first takes from the second.
pub type Arrows = BTreeMap<(usize, usize), BTreeSet<String>>;

#[derive(Default)]
struct Module {
    file: usize,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    defined: BTreeSet<String>,
    imports: Vec<Import>,
    /// Paths that stand in the code.
    paths: Vec<Vec<String>>,
}

/// A name that a module knows from elsewhere; `*` where it knows all of a module's.
struct Import {
    name: String,
    path: Vec<String>,
    handed_on: bool,
}

/// Where a path leads.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Module(usize),
    /// Something that is defined in a file.
    Item(usize),
    /// In another crate.
    Outside,
}

/// How many names may stand for one another before they are taken for a ring.
const MOST_HOPS: usize = 32;

impl Imports {
    /// Follows `mod` from the root files on; `read` gives the text of a file below `src`, if there is one.
    pub fn read(roots: &[&str], read: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut imports = Self::default();
        for root in roots {
            imports.add(root, None, read);
        }
        imports
    }

    fn add(&mut self, path: &str, parent: Option<usize>, read: &dyn Fn(&str) -> Option<String>) -> Option<usize> {
        let text = read(path)?;
        let (file, module) = (self.files.len(), self.modules.len());
        self.files.push(path.to_owned());
        self.modules.push(Module { file, parent, ..Module::default() });
        for (owner, name) in Reader::of(self, module, &text).collect() {
            let folder = folder_of(path);
            let places = [format!("{folder}{name}.rs"), format!("{folder}{name}/mod.rs")];
            let child = places.iter().find_map(|place| self.add(place, Some(owner), read));
            match child {
                Some(child) => drop(self.modules[owner].children.insert(name, child)),
                None => self.lost.push(format!("{path}: mod {name}")),
            }
        }
        Some(module)
    }

    /// What each file names of the others.
    pub fn arrows(&mut self) -> Arrows {
        let mut arrows = Arrows::new();
        for module in 0..self.modules.len() {
            let from = self.modules[module].file;
            let taken = self.modules[module].imports.iter().filter(|import| !import.handed_on && import.name != "*");
            let named: Vec<&Vec<String>> =
                taken.map(|import| &import.path).chain(&self.modules[module].paths).collect();
            let mut lost = Vec::new();
            for path in named {
                match self.resolve(module, path, 0) {
                    Some((Place::Item(to), name)) if to != from => {
                        arrows.entry((from, to)).or_default().insert(name.to_owned());
                    }
                    None if is_of_crate(path) => lost.push(path.join("::")),
                    _ => {}
                }
            }
            self.lost.extend(lost.into_iter().map(|path| format!("{}: {path}", self.files[from])));
        }
        arrows
    }

    /// Where a path leads, and the last of its names that was needed to say so.
    fn resolve<'p>(&self, from: usize, path: &'p [String], hops: usize) -> Option<(Place, &'p str)> {
        if hops > MOST_HOPS {
            return None;
        }
        let (mut last, mut rest) = path.split_first()?;
        let mut place = match last.as_str() {
            "crate" => Place::Module(self.root_of(from)),
            "attune" => Place::Module(0),
            "self" => Place::Module(from),
            "super" => Place::Module(self.modules[from].parent?),
            name => self.lookup(from, name, rest.is_empty(), hops)?,
        };
        while let (Place::Module(module), Some((name, after))) = (place, rest.split_first()) {
            place = match name.as_str() {
                "super" => Place::Module(self.modules[module].parent?),
                "self" => place,
                name => self.lookup(module, name, after.is_empty(), hops)?,
            };
            (last, rest) = (name, after);
        }
        Some((place, last))
    }

    /// What a name stands for in a module. At the end of a path an item counts before a module of its name.
    fn lookup(&self, module: usize, name: &str, is_last: bool, hops: usize) -> Option<Place> {
        let here = &self.modules[module];
        let child = here.children.get(name).map(|child| Place::Module(*child));
        let defined = || here.defined.contains(name).then_some(Place::Item(here.file));
        let named = || here.imports.iter().filter(|import| import.name == name);
        let follow = |import: &Import| match self.resolve(module, &import.path, hops + 1) {
            Some((place, _)) => Some(place),
            None => (!is_of_crate(&import.path)).then_some(Place::Outside),
        };
        let imported = || named().find_map(follow);
        let globs = here.imports.iter().filter(|import| import.name == "*");
        let from_globs = || {
            globs.filter_map(follow).find_map(|place| match place {
                Place::Module(of) if of != module => self.lookup(of, name, is_last, hops + 1),
                _ => None,
            })
        };
        if is_last {
            defined().or_else(imported).or(child).or_else(from_globs)
        } else {
            child.or_else(imported).or_else(defined).or_else(from_globs)
        }
    }

    fn root_of(&self, module: usize) -> usize {
        std::iter::successors(Some(module), |module| self.modules[*module].parent).last().unwrap_or(module)
    }
}

fn is_of_crate(path: &[String]) -> bool {
    path.first().is_some_and(|first| matches!(first.as_str(), "crate" | "self" | "super" | "attune"))
}

/// Where the modules lie that a file declares.
fn folder_of(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
    let stem = name.trim_end_matches(".rs");
    let own = if matches!(stem, "mod" | "lib" | "main") { "" } else { stem };
    [folder, own].iter().filter(|part| !part.is_empty()).map(|part| format!("{part}/")).collect()
}

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Word(String),
    /// `::`
    Path,
    Mark(char),
}

/// Reads the tokens of one file into its module and the modules that are written out in it.
struct Reader<'a> {
    imports: &'a mut Imports,
    tokens: Vec<Token>,
    /// The modules that are open, each with the depth of its own braces.
    open: Vec<(usize, usize)>,
    depth: usize,
    /// Modules in files of their own: who declares them, and their names.
    declared: Vec<(usize, String)>,
}

impl<'a> Reader<'a> {
    fn of(imports: &'a mut Imports, module: usize, text: &str) -> Self {
        let tokens = tokens(&product(text).join("\n"));
        Self { imports, tokens, open: vec![(module, 0)], depth: 0, declared: Vec::new() }
    }

    fn collect(mut self) -> Vec<(usize, String)> {
        let mut at = 0;
        while at < self.tokens.len() {
            at = self.step(at);
        }
        self.declared
    }

    fn module(&mut self) -> &mut Module {
        let (module, _) = self.open[self.open.len() - 1];
        &mut self.imports.modules[module]
    }

    fn word(&self, at: usize) -> Option<&str> {
        match self.tokens.get(at) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn is(&self, at: usize, mark: char) -> bool {
        self.tokens.get(at) == Some(&Token::Mark(mark))
    }

    /// Reads what stands at a token, and says where to go on.
    fn step(&mut self, at: usize) -> usize {
        if let Token::Mark(mark) = self.tokens[at] {
            self.brace(mark);
            return at + 1;
        }
        let Some(word) = self.word(at).map(str::to_owned) else { return at + 1 };
        let next = self.word(at + 1).map(str::to_owned);
        let in_item = self.depth > self.open[self.open.len() - 1].1;
        match (word.as_str(), next) {
            ("use", _) if !self.is(at + 1, '<') => self.import(at),
            ("mod", Some(name)) => self.declare(at, name),
            ("macro_rules", _) => {
                let name = self.word(at + 2).unwrap_or_default().to_owned();
                self.module().defined.insert(name);
                at + 3
            }
            ("fn" | "struct" | "enum" | "trait" | "type" | "const" | "static" | "union", Some(name))
                if !matches!(name.as_str(), "fn" | "unsafe" | "async" | "extern") =>
            {
                if !in_item {
                    self.module().defined.insert(name);
                }
                at + 2
            }
            _ => self.path(at),
        }
    }

    fn brace(&mut self, mark: char) {
        match mark {
            '{' => self.depth += 1,
            '}' => {
                if self.open.len() > 1 && self.open[self.open.len() - 1].1 == self.depth {
                    self.open.pop();
                }
                self.depth = self.depth.saturating_sub(1);
            }
            _ => {}
        }
    }

    /// `mod name;` or `mod name {`.
    fn declare(&mut self, at: usize, name: String) -> usize {
        let (owner, _) = self.open[self.open.len() - 1];
        if !self.is(at + 2, '{') {
            self.declared.push((owner, name));
            return at + 2;
        }
        let module = self.imports.modules.len();
        let file = self.imports.modules[owner].file;
        self.imports.modules.push(Module { file, parent: Some(owner), ..Module::default() });
        self.imports.modules[owner].children.insert(name, module);
        self.depth += 1;
        self.open.push((module, self.depth));
        at + 3
    }

    /// A `use` with all that it brings.
    fn import(&mut self, at: usize) -> usize {
        let handed_on = self.is_public(at);
        let mut found = Vec::new();
        let end = self.tree(at + 1, &[], &mut found);
        let found = found.into_iter().map(|(name, path)| Import { name, path, handed_on });
        self.module().imports.extend(found);
        end
    }

    /// Whether `pub` or `pub(…)` stands before a token.
    fn is_public(&self, at: usize) -> bool {
        let opening = (0..at).rev().take(4).find(|place| self.is(*place, '('));
        let before = if at > 0 && self.is(at - 1, ')') { opening.unwrap_or(0) } else { at };
        before > 0 && self.word(before - 1) == Some("pub")
    }

    /// One branch of a `use`; says where the next token stands.
    fn tree(&self, mut at: usize, before: &[String], found: &mut Vec<(String, Vec<String>)>) -> usize {
        let mut path = before.to_vec();
        loop {
            match &self.tokens.get(at) {
                Some(Token::Word(word)) if word == "as" => {
                    found.push((self.word(at + 1).unwrap_or_default().to_owned(), path));
                    return at + 2;
                }
                Some(Token::Word(word)) => path.push(word.clone()),
                Some(Token::Path) => {}
                Some(Token::Mark('*')) => {
                    found.push(("*".to_owned(), path));
                    return at + 1;
                }
                Some(Token::Mark('{')) => {
                    at += 1;
                    while !self.is(at, '}') && at < self.tokens.len() {
                        at = self.tree(at, &path, found);
                        at += usize::from(self.is(at, ','));
                    }
                    return at + 1;
                }
                _ => break,
            }
            at += 1;
        }
        if path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        found.extend(path.last().cloned().map(|name| (name, path)));
        at
    }

    /// A path in the code, or a name alone that may be one that was brought here.
    fn path(&mut self, at: usize) -> usize {
        let mut end = at + 1;
        while self.tokens.get(end) == Some(&Token::Path) && self.word(end + 1).is_some() {
            end += 2;
        }
        let continues = at > 0 && (self.is(at - 1, '.') || self.tokens[at - 1] == Token::Path);
        let words = self.tokens[at..end].iter();
        let path: Vec<String> =
            words.filter_map(|token| if let Token::Word(word) = token { Some(word.clone()) } else { None }).collect();
        let is_name = path.len() > 1
            || path[0].starts_with(char::is_uppercase)
            || (self.is(end, '(') || self.is(end, '!')) && !self.is(end + 1, '=');
        if is_name && !continues {
            self.module().paths.push(path);
        }
        end
    }
}

/// Words, `::` and marks, without comments, strings, characters, lifetimes and numbers.
pub fn tokens(text: &str) -> Vec<Token> {
    let letters: Vec<char> = text.chars().collect();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < letters.len() {
        let letter = letters[at];
        let next = letters.get(at + 1).copied().unwrap_or(' ');
        at = match letter {
            _ if letter.is_whitespace() => at + 1,
            '/' if next == '/' => line_end(&letters, at),
            '/' if next == '*' => comment_end(&letters, at),
            '"' => string_end(&letters, at),
            '\'' => quoted_end(&letters, at),
            ':' if next == ':' => {
                found.push(Token::Path);
                at + 2
            }
            _ if letter.is_alphanumeric() || letter == '_' => {
                let end = (at..letters.len()).find(|at| !is_of_word(letters[*at])).unwrap_or(letters.len());
                let word: String = letters[at..end].iter().collect();
                let opens = letters.get(end).copied().unwrap_or(' ');
                if matches!(word.as_str(), "r" | "br" | "cr") && matches!(opens, '"' | '#') {
                    raw_end(&letters, end)
                } else {
                    if !letter.is_numeric() {
                        found.push(Token::Word(word));
                    }
                    end
                }
            }
            mark => {
                found.push(Token::Mark(mark));
                at + 1
            }
        };
    }
    found
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn line_end(letters: &[char], at: usize) -> usize {
    (at..letters.len()).find(|at| letters[*at] == '\n').unwrap_or(letters.len())
}

fn comment_end(letters: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at + 1 < letters.len() {
        match (letters[at], letters[at + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            break;
        }
    }
    at
}

fn string_end(letters: &[char], mut at: usize) -> usize {
    at += 1;
    while at < letters.len() && letters[at] != '"' {
        at += if letters[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// After a raw string, whose hashes or quote begin at `at`; a raw name is only its `r#`.
fn raw_end(letters: &[char], at: usize) -> usize {
    let hashes = letters[at..].iter().take_while(|letter| **letter == '#').count();
    if letters.get(at + hashes) != Some(&'"') {
        return at + hashes;
    }
    let is_end = |at: &usize| letters[*at] == '"' && letters[at + 1..].iter().take(hashes).all(|one| *one == '#');
    (at + hashes + 1..letters.len()).find(is_end).map_or(letters.len(), |end| end + 1 + hashes)
}

/// After a character, or after the mark of a lifetime.
fn quoted_end(letters: &[char], at: usize) -> usize {
    match (letters.get(at + 1), letters.get(at + 2)) {
        (Some('\\'), _) => (at + 3..letters.len()).find(|at| letters[*at] == '\'').map_or(letters.len(), |end| end + 1),
        (Some(_), Some('\'')) => at + 3,
        _ => at + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made_up(sources: &[(&str, &str)]) -> Imports {
        let read = |path: &str| sources.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).to_owned());
        let roots = ["lib.rs", "main.rs"].into_iter().filter(|root| read(root).is_some()).collect::<Vec<_>>();
        Imports::read(&roots, &read)
    }

    /// Arrows as `from > to: names`.
    fn arrows(sources: &[(&str, &str)]) -> Vec<String> {
        let mut imports = made_up(sources);
        let arrows = imports.arrows();
        assert!(imports.lost.is_empty(), "{:?}", imports.lost);
        let words = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(" ");
        let name = |file: usize| imports.files[file].trim_end_matches(".rs");
        arrows.iter().map(|((from, to), names)| format!("{} > {}: {}", name(*from), name(*to), words(names))).collect()
    }

    #[test]
    fn a_name_is_followed_to_the_file_that_defines_it() {
        let check = |a: &str, expected: &[&str]| {
            let sources = [
                ("lib.rs", "mod a;\npub mod b;\n"),
                ("a.rs", a),
                (
                    "b/mod.rs",
                    "mod deep;\nmod twin;\npub use deep::{Deep as Renamed, make};\npub use twin::twin;\n\npub(crate) use deep::*;",
                ),
                (
                    "b/deep.rs",
                    "pub struct Deep;\npub struct Hidden;\npub fn make() {}\npub const SIZE: usize = 1;\npub mod inner { pub struct Inner; }",
                ),
                ("b/twin.rs", "pub fn twin() {}"),
            ];
            assert_eq!(arrows(&sources), expected, "{a}");
        };
        check("use crate::b::Renamed;", &["a > b/deep: Renamed"]);
        check("use crate::b::{self, Renamed};\nfn f() { b::make(); }", &["a > b/deep: Renamed make"]);
        check("use crate::b;\nfn f() -> usize { b::SIZE }", &["a > b/deep: SIZE"]);
        check("use super::b::twin;\nfn f() { twin() }", &["a > b/twin: twin"]);
        check("fn f() { crate::b::inner::Inner; }", &["a > b/deep: Inner"]);
        check("use crate::b as other;\nfn f(x: other::Renamed) {}", &["a > b/deep: Renamed"]);
        check("mod own { use super::super::b::make; fn f() { super::g() } }\nfn g() {}", &["a > b/deep: make"]);
        check("use crate::b;\nfn f(b: usize) -> usize { b }", &[]);
        check("// crate::b::make\nfn f() { \"crate::b::make()\"; r#\"crate::b::make \" \"#; '\"'; }", &[]);
        check(
            "/* crate::b::make /* */ crate::b::make */ fn f<'a>(x: &'a str) { crate::b::twin(); }",
            &["a > b/twin: twin"],
        );
        check("#[cfg(test)]\nmod tests {\n    use crate::b::make;\n}\n", &[]);
        check("mod own { use super::File; }\nuse std::fs::File;", &[]);
        check("fn f() {\n    use crate::b::make;\n    make();\n}", &["a > b/deep: make"]);
    }

    #[test]
    fn handing_a_name_on_is_no_use_of_it_and_naming_it_is() {
        let check = |face: &str, expected: &[&str]| {
            let sources = [("lib.rs", "mod a;"), ("a.rs", face), ("a/part.rs", "pub struct Part;\npub fn part() {}")];
            assert_eq!(arrows(&sources), expected, "{face}");
        };
        check("mod part;\npub use part::{Part, part};", &[]);
        check("mod part;\npub(super) use part::Part;\nstruct Whole { part: Part }", &["a > a/part: Part"]);
        check("mod part;\npub use part::part;\nfn f() { part() }", &["a > a/part: part"]);
        check("mod part;\npub use part::part;\nfn f(x: X) { x.part() }", &[]);
        check("mod part;\nfn f() { part::part() }", &["a > a/part: part"]);
    }

    #[test]
    fn a_path_that_leads_nowhere_is_told() {
        let lost = |a: &str| {
            let mut imports = made_up(&[("lib.rs", "mod a;"), ("a.rs", a)]);
            imports.arrows();
            imports.lost
        };
        assert_eq!(lost("use crate::gone::Name;"), ["a.rs: crate::gone::Name"]);
        assert_eq!(lost("fn f() { super::gone() }"), ["a.rs: super::gone"]);
        assert_eq!(lost("mod gone;"), ["a.rs: mod gone"]);
        assert_eq!(lost("use std::fs::File;\nuse egui::Ui;\nfn f() { File::open() }"), Vec::<String>::new());
    }

    #[test]
    fn a_program_names_its_library() {
        let sources = [
            ("lib.rs", "pub mod a;"),
            ("a.rs", "pub fn run() {}"),
            ("main.rs", "use attune::a;\nfn main() { a::run() }"),
        ];
        assert_eq!(arrows(&sources), ["main > a: run"]);
    }
}
