//! Which address answers what.

use std::fmt;
use std::sync::mpsc::{SyncSender, sync_channel};

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};
use serde_json::json;

use super::http::{Answer, Body, MAX_BODY, Refusal, Request};
use super::openapi;
use super::queue::Job;
use crate::guard::guarded;
use crate::inspect::json::{Asked, expected};
use crate::inspect::{OpenModel, Options, Predicted, Prepared};

/// Texts of one request.
pub const MAX_TEXTS: usize = 1024;
/// Tokens of one request: some tens of long texts, which keep others waiting for seconds and not for minutes.
pub const MAX_TOKENS: usize = 32 << 10;
/// How many tokens of the texts were cut off, where there are any.
pub const CUT: &str = "Attune-Cut-Tokens";
/// What is odd about the texts, where the answers mean little because of it.
pub const WARNING: &str = "Attune-Warning";

/// What answers need.
#[derive(Clone)]
pub struct Desk<'a> {
    pub model: &'a OpenModel,
    pub options: &'a Options,
    pub jobs: SyncSender<Job>,
}

impl Desk<'_> {
    /// Answers a request; a failure is an answer too.
    pub fn answer(&self, request: &Request) -> Answer {
        let answered = guarded(|| self.route(request));
        let bug = |_| Err(Refusal::new(500, "a bug in Attune kept the request from being answered; please report it"));
        answered.unwrap_or_else(bug).unwrap_or_else(Answer::from)
    }

    fn route(&self, request: &Request) -> Result<Answer, Refusal> {
        check_host(request.host.as_deref())?;
        let method = request.method.as_str();
        let allowed = match request.path.as_str() {
            "/predict" => "POST",
            "/health" | "/openapi.json" => "GET, HEAD",
            other => {
                let known = "expected POST /predict, GET /health or GET /openapi.json";
                return Err(Refusal::new(404, format!("nothing is at \"{other}\", {known}")));
            }
        };
        if !allowed.split(", ").any(|one| one == method) {
            let reason = format!("{} does not take {method}, expected {allowed}", request.path);
            let headers = vec![("Allow", allowed.to_owned())];
            return Ok(Answer { headers, ..Refusal::new(405, reason).into() });
        }
        if request.has_query {
            return Err(Refusal::new(400, format!("{} takes no query, expected the address alone", request.path)));
        }
        match request.path.as_str() {
            "/predict" => self.predict(&request.body),
            "/health" => Ok(Answer::json(&self.health())),
            _ => Ok(Answer::json(&openapi::document(self.model, self.options))),
        }
    }

    fn health(&self) -> serde_json::Value {
        json!({
            "status": "ok",
            "task": self.model.task.name(),
            "labels": self.model.labels,
            "reads_pairs": self.model.reads_pairs,
        })
    }

    fn predict(&self, body: &Body) -> Result<Answer, Refusal> {
        let task = self.model.task;
        let wanted = format!("expected {} or a list of such objects", expected(task));
        let Body::Bytes(body) = body else {
            return Err(Refusal::new(400, format!("the request has no body with a length, {wanted}")));
        };
        let questions: Questions = serde_json::from_slice(body).map_err(|error| match error.to_string() {
            reason if reason.starts_with(TOO_MANY) => Refusal::new(413, reason),
            reason => Refusal::new(400, format!("the body is not JSON as it is read here: {reason}; {wanted}")),
        })?;
        match questions {
            Questions::One(asked) => {
                let texts = vec![self.prepare(asked, "the object")?];
                self.answered(texts, |predicted| to_json(&predicted.first()))
            }
            Questions::Many(list) => {
                let texts = list.into_iter().enumerate();
                let texts =
                    texts.map(|(index, asked)| self.prepare(asked, &format!("object {} of the list", index + 1)));
                self.answered(texts.collect::<Result<_, _>>()?, |predicted| to_json(&predicted))
            }
        }
    }

    fn prepare(&self, asked: Asked, place: &str) -> Result<Prepared, Refusal> {
        if let Some(option) = asked.option {
            let wanted = expected(self.model.task);
            let reason = format!(
                "{place} has the option \"{option}\", which is not read, expected {wanted}; options are those that attune \
                 serve was started with"
            );
            return Err(Refusal::new(400, reason));
        }
        let request = asked.request(self.model.task).map_err(|error| Refusal::new(400, format!("{place} {error}")))?;
        let prepared = self.model.prepare(request, self.options);
        prepared.map_err(|error| Refusal::new(400, format!("{place}: {error}")))
    }

    fn answered(
        &self,
        texts: Vec<Prepared>,
        write: impl Fn(Vec<Predicted>) -> Result<Vec<u8>, Refusal>,
    ) -> Result<Answer, Refusal> {
        let tokens: usize = texts.iter().map(Prepared::count).sum();
        if tokens > MAX_TOKENS {
            let reason = format!("the texts have {tokens} tokens, expected at most {MAX_TOKENS} in one request");
            return Err(Refusal::new(413, reason));
        }
        let predicted = if texts.is_empty() { Vec::new() } else { self.ask(texts)? };
        let cut: usize = predicted.iter().map(|one| one.cut).sum();
        let mut headers = if cut > 0 { vec![(CUT, cut.to_string())] } else { Vec::new() };
        let misfit = predicted.iter().find_map(|one| one.misfit);
        headers.extend(misfit.map(|misfit| (WARNING, misfit.to_owned())));
        Ok(Answer { status: 200, headers, body: write(predicted)? })
    }

    /// Waits for the model.
    fn ask(&self, texts: Vec<Prepared>) -> Result<Vec<Predicted>, Refusal> {
        let (answers, answer) = sync_channel(1);
        let gone = || Refusal::new(503, "the server is ending");
        self.jobs.send(Job { texts, answers }).ok().ok_or_else(gone)?;
        answer.recv().ok().ok_or_else(gone)?.map_err(|error| Refusal::new(500, error))
    }
}

fn to_json(value: &impl Serialize) -> Result<Vec<u8>, Refusal> {
    serde_json::to_vec(value).map_err(|error| Refusal::new(500, format!("the answer cannot be written: {error}")))
}

/// A page of the web may send requests to this machine under its own name; a program on it uses one of these.
fn check_host(host: Option<&str>) -> Result<(), Refusal> {
    let Some(host) = host else { return Ok(()) };
    let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let name = host.rsplit_once(':').filter(|(_, port)| digits(port)).map_or(host, |(name, _)| name);
    if ["127.0.0.1", "localhost", "[::1]"].iter().any(|own| name.eq_ignore_ascii_case(own)) {
        return Ok(());
    }
    Err(Refusal::new(403, format!("the request is for the host \"{host}\", expected 127.0.0.1 or localhost")))
}

/// The body of a request.
enum Questions {
    One(Asked),
    Many(Vec<Asked>),
}

/// How the refusal of a long list begins.
const TOO_MANY: &str = "the list has more than";

impl<'de> Deserialize<'de> for Questions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Questions;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object or a list of objects")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Questions, A::Error> {
                Ok(Questions::One(Asked::deserialize(MapAccessDeserializer::new(map))?))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Questions, A::Error> {
                let mut all = Vec::new();
                while let Some(asked) = list.next_element()? {
                    if all.len() == MAX_TEXTS {
                        let reason = format!("{TOO_MANY} {MAX_TEXTS} objects, expected several requests");
                        return Err(A::Error::custom(reason));
                    }
                    all.push(asked);
                }
                Ok(Questions::Many(all))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

/// What a request is held to, for people and for the page that describes the server.
pub fn limits() -> String {
    format!("At most {MAX_TEXTS} objects, {MAX_TOKENS} tokens and {MAX_BODY} bytes in one request.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_named_as_host() {
        for host in ["127.0.0.1", "127.0.0.1:80", "localhost:8000", "LOCALHOST", "[::1]:9", "[::1]"] {
            assert_eq!(check_host(Some(host)), Ok(()), "{host}");
        }
        for host in ["", "example.org", "localhost.example.org", "127.0.0.1.example.org:80", "localhost:80x", "0.0.0.0"]
        {
            assert_eq!(check_host(Some(host)).unwrap_err().status, 403, "{host}");
        }
        assert_eq!(check_host(None), Ok(()));
    }

    #[test]
    fn a_list_that_is_too_long_is_given_up_where_it_is() {
        let list = |count: usize| format!("[{}]", vec!["{}"; count].join(","));
        assert!(matches!(serde_json::from_str(&list(MAX_TEXTS)), Ok(Questions::Many(all)) if all.len() == MAX_TEXTS));
        let error = serde_json::from_str::<Questions>(&list(MAX_TEXTS + 1)).err().unwrap().to_string();
        assert!(error.starts_with(TOO_MANY), "{error}");
        for text in ["[[]]", "[1]", "1", "null", "\"a\"", "[{}", "{} {}", "[{}],"] {
            assert!(serde_json::from_str::<Questions>(text).is_err(), "{text}");
        }
    }
}
