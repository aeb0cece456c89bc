//! A reader of Python's pickles that builds a description and never an object.
//!
//! A pickle is a program for a small stack machine. Here a call is only written down, with what is called and with
//! what; whoever reads the description decides which calls mean a tensor. Values live in one list and refer to each
//! other by number, so nesting costs no recursion, neither in reading nor in letting go. Protocols 0 to 5.

use std::collections::HashMap;

/// More values than this are in no list of weights.
const MAX_NODES: usize = 1_000_000;
/// Containers being filled at the same time.
const MAX_MARKS: usize = 64;

/// A value: small ones themselves, others by number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float,
    Node(usize),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Text(String),
    /// Bytes, or a number too long for 64 bits.
    Bytes(Vec<u8>),
    Tuple(Vec<Value>),
    List(Vec<Value>),
    Dict(Vec<(Value, Value)>),
    Global {
        module: String,
        name: String,
    },
    /// What the pickle leaves to the file around it: a storage.
    Persistent(Value),
    /// A call that is not made, and what was put into its result.
    Call {
        callable: Value,
        args: Value,
        items: Vec<(Value, Value)>,
    },
}

/// What a pickle describes.
#[derive(Debug)]
pub(super) struct Pickle {
    nodes: Vec<Node>,
    pub root: Value,
    /// How many bytes it took.
    pub length: usize,
}

#[derive(Debug, PartialEq)]
pub(super) enum Trouble {
    /// The bytes end before the pickle does.
    Ended,
    Bad(String),
}

impl Pickle {
    /// Reads the pickle at the start of some bytes.
    pub fn read(bytes: &[u8]) -> Result<Self, Trouble> {
        let mut machine =
            Machine { bytes, at: 0, stack: Vec::new(), marks: Vec::new(), memo: HashMap::new(), nodes: Vec::new() };
        loop {
            let at = machine.at;
            let code = machine.byte()?;
            if code == b'.' {
                let root = machine.pop()?;
                return Ok(Self { nodes: machine.nodes, root, length: machine.at });
            }
            machine.run(code, at)?;
        }
    }

    pub fn node(&self, value: Value) -> Option<&Node> {
        match value {
            Value::Node(index) => self.nodes.get(index),
            _ => None,
        }
    }

    pub fn text(&self, value: Value) -> Option<&str> {
        match self.node(value)? {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn tuple(&self, value: Value) -> Option<&[Value]> {
        match self.node(value)? {
            Node::Tuple(values) => Some(values),
            _ => None,
        }
    }

    pub fn global(&self, value: Value) -> Option<(&str, &str)> {
        match self.node(value)? {
            Node::Global { module, name } => Some((module, name)),
            _ => None,
        }
    }

    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: HashMap<u64, Value>,
    nodes: Vec<Node>,
}

fn bad<T>(reason: impl Into<String>) -> Result<T, Trouble> {
    Err(Trouble::Bad(reason.into()))
}

impl<'a> Machine<'a> {
    /// Carries out one instruction, which stands at byte `at`.
    fn run(&mut self, code: u8, at: usize) -> Result<(), Trouble> {
        match code {
            0x80 => match self.byte()? {
                0..=5 => Ok(()),
                protocol => bad(format!("its pickle has the unknown protocol {protocol}")),
            },
            0x95 => self.take(8).map(drop),
            b'N' => self.push(Value::None),
            0x88 => self.push(Value::Bool(true)),
            0x89 => self.push(Value::Bool(false)),
            b'I' | b'L' | b'J' | b'K' | b'M' | 0x8a | 0x8b => self.integer(code),
            b'F' => self.line().and_then(|_| self.push(Value::Float)),
            b'G' => self.take(8).and_then(|_| self.push(Value::Float)),
            b'S' | b'T' | b'U' | b'V' | b'X' | 0x8c | 0x8d => self.string(code),
            b'B' | b'C' | 0x8e | 0x96 => self.byte_string(code),
            b'(' if self.marks.len() >= MAX_MARKS => bad(format!("the pickle nests too deeply at byte {at}")),
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b')' | b't' | 0x85..=0x87 => self.tuple(code),
            b']' | b'l' | b'}' | b'd' | 0x8f | 0x91 => self.container(code),
            b'a' | b'e' | 0x90 => self.append(code),
            b's' | b'u' => self.set_items(code),
            b'c' | 0x93 => self.global(code),
            b'R' | b'b' | 0x81 | 0x92 | b'i' | b'o' => self.call(code),
            b'P' | b'Q' => self.persistent(code),
            b'p' | b'q' | b'r' | 0x94 | b'g' | b'h' | b'j' => self.memory(code),
            b'0' => match self.marks.last() {
                Some(mark) if *mark == self.stack.len() => {
                    self.marks.pop();
                    Ok(())
                }
                _ => self.pop().map(drop),
            },
            b'1' => self.above_mark().map(drop),
            b'2' => {
                let top = self.pop()?;
                self.push(top)?;
                self.push(top)
            }
            _ => bad(format!("the pickle has an unknown instruction {code:#04x} at byte {at}")),
        }
    }

    fn integer(&mut self, code: u8) -> Result<(), Trouble> {
        let value = match code {
            b'J' => Value::Int(i64::from((self.number(4)? as u32).cast_signed())),
            b'K' => Value::Int(self.number(1)?.cast_signed()),
            b'M' => Value::Int(self.number(2)?.cast_signed()),
            b'I' | b'L' => match self.line()?.trim_end_matches('L') {
                "00" => Value::Bool(false),
                "01" => Value::Bool(true),
                digits => match digits.parse() {
                    Ok(number) => Value::Int(number),
                    Err(_) => return bad(format!("the pickle has {digits:?} where a number should be")),
                },
            },
            _ => {
                let length = self.number(if code == 0x8a { 1 } else { 4 })?;
                let digits = self.take(length)?;
                return self.long(digits);
            }
        };
        self.push(value)
    }

    /// A number of any length in two's complement.
    fn long(&mut self, digits: &[u8]) -> Result<(), Trouble> {
        if digits.len() > 8 {
            return self.push_node(Node::Bytes(digits.to_vec()));
        }
        let fill = if digits.last().is_some_and(|last| *last >= 0x80) { 0xff } else { 0 };
        let mut eight = [fill; 8];
        eight[..digits.len()].copy_from_slice(digits);
        self.push(Value::Int(i64::from_le_bytes(eight)))
    }

    fn string(&mut self, code: u8) -> Result<(), Trouble> {
        let text = match code {
            b'S' => self.line()?.trim_matches(['\'', '"']).to_owned(),
            b'V' => self.line()?.to_owned(),
            _ => {
                let length = self.number(match code {
                    b'U' | 0x8c => 1,
                    0x8d => 8,
                    _ => 4,
                })?;
                // Python 2 wrote names as bytes; those of weights are plain.
                String::from_utf8_lossy(self.take(length)?).into_owned()
            }
        };
        self.push_node(Node::Text(text))
    }

    fn byte_string(&mut self, code: u8) -> Result<(), Trouble> {
        let length = self.number(match code {
            b'C' => 1,
            b'B' => 4,
            _ => 8,
        })?;
        let bytes = self.take(length)?.to_vec();
        self.push_node(Node::Bytes(bytes))
    }

    fn tuple(&mut self, code: u8) -> Result<(), Trouble> {
        let values = match code {
            b')' => Vec::new(),
            b't' => self.above_mark()?,
            _ => {
                let count = usize::from(code - 0x84);
                match self.stack.len().checked_sub(count) {
                    Some(start) => self.stack.split_off(start),
                    None => return bad("the pickle takes a value that is not there"),
                }
            }
        };
        self.push_node(Node::Tuple(values))
    }

    fn container(&mut self, code: u8) -> Result<(), Trouble> {
        let node = match code {
            b'}' => Node::Dict(Vec::new()),
            b'd' => Node::Dict(pairs(&self.above_mark()?)),
            b']' | 0x8f => Node::List(Vec::new()),
            _ => Node::List(self.above_mark()?),
        };
        self.push_node(node)
    }

    fn append(&mut self, code: u8) -> Result<(), Trouble> {
        let values = if code == b'a' { vec![self.pop()?] } else { self.above_mark()? };
        match self.top()? {
            Some(Node::List(list)) => list.extend(values),
            // What is put into the result of a call is of no interest here.
            Some(Node::Call { .. }) => {}
            _ => return bad("the pickle appends to something that is not a list"),
        }
        Ok(())
    }

    fn set_items(&mut self, code: u8) -> Result<(), Trouble> {
        let new = if code == b's' {
            let value = self.pop()?;
            vec![(self.pop()?, value)]
        } else {
            pairs(&self.above_mark()?)
        };
        match self.top()? {
            Some(Node::Dict(items) | Node::Call { items, .. }) => items.extend(new),
            _ => return bad("the pickle sets an item of something that is not a dictionary"),
        }
        Ok(())
    }

    fn global(&mut self, code: u8) -> Result<(), Trouble> {
        let (module, name) = if code == b'c' {
            (self.line()?.to_owned(), self.line()?.to_owned())
        } else {
            let (name, module) = (self.pop()?, self.pop()?);
            match (self.text_of(module), self.text_of(name)) {
                (Some(module), Some(name)) => (module, name),
                _ => return bad("the pickle names something by what is not text"),
            }
        };
        self.push_node(Node::Global { module, name })
    }

    fn call(&mut self, code: u8) -> Result<(), Trouble> {
        if code == b'b' {
            // The state of an object: not looked at.
            self.pop()?;
            return self.top().map(drop);
        }
        let (callable, args) = match code {
            b'i' => {
                let (module, name) = (self.line()?.to_owned(), self.line()?.to_owned());
                let values = self.above_mark()?;
                self.push_node(Node::Global { module, name })?;
                let callable = self.pop()?;
                self.push_node(Node::Tuple(values))?;
                (callable, self.pop()?)
            }
            b'o' => {
                let mut values = self.above_mark()?;
                if values.is_empty() {
                    return bad("the pickle calls nothing");
                }
                let callable = values.remove(0);
                self.push_node(Node::Tuple(values))?;
                (callable, self.pop()?)
            }
            _ => {
                if code == 0x92 {
                    // Arguments by name are of no interest here.
                    self.pop()?;
                }
                let args = self.pop()?;
                (self.pop()?, args)
            }
        };
        self.push_node(Node::Call { callable, args, items: Vec::new() })
    }

    fn persistent(&mut self, code: u8) -> Result<(), Trouble> {
        let id = if code == b'Q' {
            self.pop()?
        } else {
            let text = self.line()?.to_owned();
            self.push_node(Node::Text(text))?;
            self.pop()?
        };
        self.push_node(Node::Persistent(id))
    }

    fn memory(&mut self, code: u8) -> Result<(), Trouble> {
        let key = match code {
            0x94 => self.memo.len() as u64,
            b'p' | b'g' => match self.line()?.parse() {
                Ok(key) => key,
                Err(_) => return bad("the pickle remembers under something that is not a number"),
            },
            b'q' | b'h' => self.number(1)?,
            _ => self.number(4)?,
        };
        if matches!(code, b'g' | b'h' | b'j') {
            return match self.memo.get(&key) {
                Some(value) => self.push(*value),
                None => bad(format!("the pickle recalls {key}, which it never remembered")),
            };
        }
        match self.stack.last() {
            Some(top) if self.memo.len() < MAX_NODES => {
                self.memo.insert(key, *top);
                Ok(())
            }
            _ => bad("the pickle remembers too much, or nothing"),
        }
    }

    fn push(&mut self, value: Value) -> Result<(), Trouble> {
        if self.stack.len() >= MAX_NODES {
            return bad(format!("the pickle has more than {MAX_NODES} values"));
        }
        self.stack.push(value);
        Ok(())
    }

    fn push_node(&mut self, node: Node) -> Result<(), Trouble> {
        if self.nodes.len() >= MAX_NODES {
            return bad(format!("the pickle has more than {MAX_NODES} values"));
        }
        self.nodes.push(node);
        self.push(Value::Node(self.nodes.len() - 1))
    }

    /// Takes the top value, which must not lie below the last mark.
    fn pop(&mut self) -> Result<Value, Trouble> {
        let floor = self.marks.last().copied().unwrap_or(0);
        match self.stack.pop() {
            Some(value) if self.stack.len() >= floor => Ok(value),
            _ => bad("the pickle takes a value that is not there"),
        }
    }

    /// Takes all values above the last mark.
    fn above_mark(&mut self) -> Result<Vec<Value>, Trouble> {
        match self.marks.pop() {
            Some(mark) if mark <= self.stack.len() => Ok(self.stack.split_off(mark)),
            _ => bad("the pickle closes what it never opened"),
        }
    }

    /// The node of the top value, to put something into.
    fn top(&mut self) -> Result<Option<&mut Node>, Trouble> {
        match self.stack.last() {
            Some(Value::Node(index)) => Ok(self.nodes.get_mut(*index)),
            Some(_) => Ok(None),
            None => bad("the pickle fills a value that is not there"),
        }
    }

    fn text_of(&self, value: Value) -> Option<String> {
        match value {
            Value::Node(index) => match &self.nodes[index] {
                Node::Text(text) => Some(text.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    fn byte(&mut self) -> Result<u8, Trouble> {
        Ok(self.take(1)?[0])
    }

    fn number(&mut self, bytes: u64) -> Result<u64, Trouble> {
        Ok(self.take(bytes)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Trouble> {
        let rest = &self.bytes[self.at..];
        let taken = usize::try_from(length).ok().and_then(|length| rest.get(..length)).ok_or(Trouble::Ended)?;
        self.at += taken.len();
        Ok(taken)
    }

    fn line(&mut self) -> Result<&'a str, Trouble> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or(Trouble::Ended)?;
        self.at += end + 1;
        str::from_utf8(&rest[..end]).or_else(|_| bad("the pickle has a name that is not UTF-8"))
    }
}

/// Keys and values that stand in turn.
fn pairs(values: &[Value]) -> Vec<(Value, Value)> {
    values.chunks_exact(2).map(|two| (two[0], two[1])).collect()
}
