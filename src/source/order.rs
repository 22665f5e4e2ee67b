//! In which order the statements are loaded, so that files may come in any order.
//!
//! Edges come from names. A *hard* edge is a need, or the written order of statements that make, change and drop one
//! object; a *soft* one is a wish (columns and keys added elsewhere come before what uses the table) and gives way when
//! it would close a cycle. Among what is ready the written order holds, so a file that loads as it is written is loaded
//! so. A file that changes its session (`SET search_path`) stays whole.

use super::head::Verb;
use super::{Dialect, Name, Source, Statement};
use petgraph::Direction::{Incoming, Outgoing};
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeSet, HashMap};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Edge {
    Hard,
    Soft,
}

type Edges = Vec<(usize, usize, Edge)>;
type Key<'a> = (Option<&'a str>, &'a str);

impl Source {
    /// Indices of [`Source::statements`] in the order to load them.
    pub fn order(&self) -> Vec<usize> {
        if self.as_written {
            return (0..self.statements.len()).collect();
        }
        let edges = Names::of(self).edges();
        let barrier_files = self.barrier_files();
        let unit = |s: usize| match barrier_files[self.statements[s].file] {
            Some(first) => first,
            None => s,
        };
        let lifted = edges.iter().map(|&(a, b, e)| (unit(a), unit(b), e)).filter(|(a, b, _)| a != b).collect();
        let units = (0..self.statements.len()).filter(|&s| unit(s) == s).collect();
        let rank = |s: usize| match (barrier_files[self.statements[s].file], &self.statements[s].facts) {
            (None, facts) if facts.early => 0,
            (None, facts) if facts.late => 2,
            _ => 1,
        };
        let mut order = vec![];
        for first in sort(units, lifted, rank) {
            match barrier_files[self.statements[first].file] {
                Some(_) => self.order_file(first, &edges, &mut order),
                None => order.push(first),
            }
        }
        order
    }

    /// For each file that changes its session, its first statement.
    pub(super) fn barrier_files(&self) -> Vec<Option<usize>> {
        let mut files = vec![None; self.files.len()];
        let mut first = vec![None; self.files.len()];
        for (s, statement) in self.statements.iter().enumerate() {
            first[statement.file].get_or_insert(s);
            if statement.facts.verb == Verb::Session {
                files[statement.file] = first[statement.file];
            }
        }
        files
    }

    /// A file with barriers: what stands between two of them is sorted for itself.
    fn order_file(&self, first: usize, edges: &Edges, order: &mut Vec<usize>) {
        let file = self.statements[first].file;
        let end = first + self.statements[first..].iter().take_while(|s| s.file == file).count();
        let mut segment = vec![0; end - first];
        for s in first + 1..end {
            let barrier = |s: usize| (self.statements[s].facts.verb == Verb::Session) as usize;
            segment[s - first] = segment[s - first - 1] + barrier(s).max(barrier(s - 1));
        }
        let mut inside: HashMap<usize, Edges> = HashMap::new();
        for &(a, b, edge) in edges {
            let here = |s: usize| (first..end).contains(&s);
            if here(a) && here(b) && segment[a - first] == segment[b - first] {
                inside.entry(segment[a - first]).or_default().push((a, b, edge));
            }
        }
        let mut s = first;
        while s < end {
            let stop = (s..end).find(|&t| segment[t - first] != segment[s - first]).unwrap_or(end);
            let edges = inside.remove(&segment[s - first]).unwrap_or_default();
            order.extend(sort((s..stop).collect(), edges, |_| 1));
            s = stop;
        }
    }
}

/// Kahn's algorithm; ties go to the rank, then to the written order. In a cycle the soft edges give way first, then the
/// written order holds.
fn sort(nodes: Vec<usize>, edges: Edges, rank: impl Fn(usize) -> u8) -> Vec<usize> {
    let mut graph = DiGraph::<usize, Edge>::with_capacity(nodes.len(), edges.len());
    let index: HashMap<usize, NodeIndex> = nodes.iter().map(|&n| (n, graph.add_node(n))).collect();
    for (a, b, edge) in edges {
        graph.add_edge(index[&a], index[&b], edge);
    }
    let mut waits = vec![[0usize; 2]; nodes.len()];
    let mut ready = [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()];
    let key = |node: NodeIndex, graph: &DiGraph<usize, Edge>| (rank(graph[node]), graph[node], node);
    // Ready are: those that wait for nothing; for soft edges only; all that are left.
    let level = |wait: [usize; 2]| if wait[0] > 0 { 2 } else { (wait[1] > 0) as usize };
    for node in graph.node_indices() {
        for edge in graph.edges_directed(node, Incoming) {
            waits[node.index()][*edge.weight() as usize] += 1;
        }
        ready[level(waits[node.index()])].insert(key(node, &graph));
    }
    let mut order = vec![];
    while let Some((_, n, node)) = ready.iter_mut().find_map(|set| set.pop_first()) {
        order.push(n);
        waits[node.index()] = [usize::MAX; 2];
        for edge in graph.edges_directed(node, Outgoing) {
            use petgraph::visit::EdgeRef;
            let wait = &mut waits[edge.target().index()];
            if wait[0] == usize::MAX {
                continue;
            }
            let before = level(*wait);
            wait[*edge.weight() as usize] -= 1;
            let (after, key) = (level(*wait), key(edge.target(), &graph));
            if after != before {
                ready[before].remove(&key);
                ready[after].insert(key);
            }
        }
    }
    order
}

/// Who defines and completes which name.
struct Names<'a> {
    source: &'a Source,
    barriers: Vec<Option<usize>>,
    /// By the last part of the name.
    defined: HashMap<&'a str, Vec<(Option<&'a str>, usize)>>,
    schemas: HashMap<&'a str, Vec<usize>>,
    /// Statements that add to a thing what others may use, in written order.
    providers: HashMap<Key<'a>, Vec<usize>>,
}

/// What is written first about one object, in one file.
#[derive(Default)]
struct Written<'a> {
    last_hard: HashMap<Key<'a>, usize>,
    last: HashMap<Key<'a>, usize>,
    users: HashMap<Key<'a>, Vec<usize>>,
}

impl<'a> Names<'a> {
    fn of(source: &'a Source) -> Self {
        let mut names = Names {
            source,
            barriers: source.barrier_files(),
            defined: HashMap::new(),
            schemas: HashMap::new(),
            providers: HashMap::new(),
        };
        for (s, statement) in source.statements.iter().enumerate() {
            for name in &statement.defines {
                let (schema, last) = names.key(name);
                if statement.facts.schema {
                    names.schemas.entry(last).or_default().push(s);
                } else {
                    names.defined.entry(last).or_default().push((schema, s));
                }
            }
            if let (true, Some(target)) = (statement.facts.provides, &statement.facts.target) {
                names.providers.entry(names.key(target)).or_default().push(s);
            }
        }
        names
    }

    /// The default schema is no schema: `public.users` is `users`.
    fn key(&self, name: &'a Name) -> Key<'a> {
        let default = if self.source.dialect == Dialect::Postgres { "public" } else { "main" };
        (name.schema.as_deref().filter(|s| *s != default), &name.name)
    }

    fn edges(&self) -> Edges {
        let mut edges = vec![];
        let mut written = Written::default();
        let mut file = usize::MAX;
        for (s, statement) in self.source.statements.iter().enumerate() {
            if statement.file != file {
                (written, file) = (Written::default(), statement.file);
            }
            for need in &statement.needs {
                match self.made_later(s, need) {
                    Some(maker) => edges.push((s, maker, Edge::Hard)),
                    None => edges.extend(self.before(s, need)),
                }
                written.users.entry(self.key(need)).or_default().push(s);
            }
            let own = statement.defines.iter().chain(&statement.facts.target).chain(&statement.needs);
            for schema in own.filter_map(|name| name.schema.as_deref()) {
                let makers = self.schemas.get(schema).into_iter().flatten().map(|&maker| (maker, s, Edge::Hard));
                edges.extend(makers.filter(|(maker, s, _)| maker != s));
            }
            written.follow(s, statement, self, &mut edges);
        }
        edges
    }

    /// The statement that makes, further down in the same file, what `s` drops: `DROP TABLE IF EXISTS a, b` at its head is about
    /// what was there before.
    fn made_later(&self, s: usize, need: &'a Name) -> Option<usize> {
        let statement = &self.source.statements[s];
        let here = |d: &usize| self.source.statements[*d].file == statement.file;
        let definers: Vec<usize> = self.definers(self.key(need)).into_iter().filter(here).collect();
        let later = statement.facts.verb == Verb::Drop && definers.iter().all(|d| *d > s);
        definers.into_iter().min().filter(|_| later)
    }

    /// What must come before statement `s`, which needs `need`.
    fn before(&self, s: usize, need: &'a Name) -> Edges {
        let key = self.key(need);
        let definers = self.definers(key);
        if definers.contains(&s) {
            return vec![];
        }
        let mut edges: Edges = self.chosen(s, &definers).into_iter().map(|d| (d, s, Edge::Hard)).collect();
        // Those who complete one thing from several files do not wait for each other; a unique index waits for columns.
        let facts = |s: usize| &self.source.statements[s].facts;
        let fellow = facts(s).provides && facts(s).target.as_ref().is_some_and(|t| self.key(t) == key);
        if let Some(providers) = self.providers.get(&key).filter(|_| !fellow || facts(s).verb == Verb::Create) {
            let of = |s: usize| self.source.statements[s].file;
            let here = providers.partition_point(|&p| p < s);
            for (k, &p) in providers.iter().enumerate() {
                let last_of_file =
                    providers.get(k + 1).is_none_or(|&next| of(next) != of(p) || next >= s && of(p) == of(s));
                if last_of_file && (of(p) != of(s) || k < here) && p != s && !(fellow && facts(p).verb == Verb::Create)
                {
                    edges.push((p, s, Edge::Soft));
                }
            }
        }
        edges
    }

    fn definers(&self, (schema, last): Key<'a>) -> Vec<usize> {
        let all = self.defined.get(last).map_or(&[][..], |all| all);
        let exact: Vec<usize> = all.iter().filter(|(s, _)| *s == schema).map(|d| d.1).collect();
        let makers = self.schemas.get(last).filter(|_| schema.is_none()).into_iter().flatten().copied();
        if !exact.is_empty() {
            return exact.into_iter().chain(makers).collect();
        }
        // The search path may make up the difference. A name that many schemas have is nobody's in particular.
        // (`a.b` is then the table `b` of a file that says `SET search_path = a`; elsewhere it is a column.)
        let set = |d: usize| self.barriers[self.source.statements[d].file].is_some();
        let near = all.iter().filter(|(s, d)| schema.is_none() || s.is_none() && set(*d)).map(|d| d.1);
        let near: Vec<usize> = near.take(5).collect();
        if near.len() < 5 { near.into_iter().chain(makers).collect() } else { makers.collect() }
    }

    /// Of several definers, the one the author had in mind: the last one written before, in the same file; else those
    /// of other files; else the next one of this file.
    fn chosen(&self, s: usize, definers: &[usize]) -> Vec<usize> {
        let file = self.source.statements[s].file;
        let (here, elsewhere): (Vec<usize>, Vec<usize>) =
            definers.iter().partition(|&&d| self.source.statements[d].file == file);
        if let Some(&before) = here.iter().filter(|d| **d < s).max() {
            vec![before]
        } else if !elsewhere.is_empty() {
            elsewhere
        } else {
            here.into_iter().min().into_iter().collect()
        }
    }
}

impl<'a> Written<'a> {
    /// Several statements about one object keep their written order.
    fn follow(&mut self, s: usize, statement: &'a Statement, names: &Names<'a>, edges: &mut Edges) {
        let facts = &statement.facts;
        let strong = matches!(facts.verb, Verb::Create | Verb::Alter | Verb::Drop | Verb::Act);
        let mut keys: Vec<(Key, bool)> = statement.defines.iter().map(|n| (names.key(n), strong)).collect();
        if let Some(target) = &facts.target {
            keys.push((names.key(target), strong && facts.own));
        }
        keys.sort();
        keys.dedup_by_key(|k| k.0);
        for (key, hard) in keys {
            let kind = if hard { Edge::Hard } else { Edge::Soft };
            edges.extend(self.last_hard.get(&key).map(|&before| (before, s, kind)));
            edges.extend(self.last.insert(key, s).map(|before| (before, s, Edge::Soft)));
            if hard {
                self.last_hard.insert(key, s);
            }
        }
        if let (true, Some(target)) = (facts.removes, &facts.target) {
            let users = self.users.remove(&names.key(target)).unwrap_or_default();
            edges.extend(users.into_iter().filter(|user| *user != s).map(|user| (user, s, Edge::Hard)));
        }
    }
}

#[cfg(test)]
mod tests;
