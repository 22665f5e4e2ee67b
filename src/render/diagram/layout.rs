//! Where the boxes and lines of a picture go, from left to right.
//!
//! In layers, as Sugiyama has it: a node stands right of all that point to it, lines over several layers bend in each, the
//! order within a layer follows the neighbours' (barycentre), and the heights are those that pull the lines straightest. What
//! hangs together is laid out by itself and then put on shelves. Nothing here is random, so the same picture comes out the same.
//! (`layout-rs` was tried: half a minute for 200 nodes.)

use std::collections::{BTreeMap, BTreeSet};

pub struct Size {
    pub w: f64,
    pub h: f64,
}

#[derive(Debug, PartialEq)]
pub struct Placed {
    pub w: f64,
    pub h: f64,
    /// The upper left corner of each node.
    pub nodes: Vec<(f64, f64)>,
    /// The bends of each line, from the right side of its first node to the left side of its second.
    pub edges: Vec<Vec<(f64, f64)>>,
}

/// Between layers, between neighbours in a layer, and between what does not hang together.
const APART: f64 = 56.0;
const GAP: f64 = 16.0;
/// Height of the way that a line takes through a layer.
const WAY: f64 = 6.0;
/// How often the order is looked over; more did not make fewer crossings on schemas of 200 tables.
const SWEEPS: usize = 12;

pub fn layout(sizes: &[Size], edges: &[(usize, usize)]) -> Placed {
    let mut placed = Placed { w: 0.0, h: 0.0, nodes: vec![(0.0, 0.0); sizes.len()], edges: vec![vec![]; edges.len()] };
    let groups: Vec<Layers> =
        together(sizes.len(), edges).iter().map(|nodes| Layers::of(nodes, sizes, edges)).collect();
    let area: f64 = groups.iter().map(|g| (g.w + GAP) * (g.h + GAP)).sum();
    let widest = groups.iter().map(|g| g.w).fold(0.0, f64::max);
    let shelf = widest.max((area * 1.5).sqrt());
    let (mut x, mut y, mut tall) = (0.0, 0.0, 0.0);
    for group in &groups {
        if x > 0.0 && x + group.w > shelf {
            (x, y, tall) = (0.0, y + tall + GAP, 0.0);
        }
        group.put(x, y, sizes, &mut placed);
        placed.w = placed.w.max(x + group.w);
        tall = f64::max(tall, group.h);
        placed.h = placed.h.max(y + group.h);
        x += group.w + GAP;
    }
    placed
}

/// What hangs together; the largest first, and those of one size in the order of their first nodes.
fn together(nodes: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut group: Vec<usize> = (0..nodes).collect();
    fn root(group: &mut [usize], mut n: usize) -> usize {
        while group[n] != n {
            group[n] = group[group[n]];
            n = group[n];
        }
        n
    }
    for (a, b) in edges {
        let (a, b) = (root(&mut group, *a), root(&mut group, *b));
        group[a.max(b)] = a.min(b);
    }
    let mut all: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for n in 0..nodes {
        all.entry(root(&mut group, n)).or_default().push(n);
    }
    let mut all: Vec<Vec<usize>> = all.into_values().collect();
    all.sort_by_key(|g| (std::cmp::Reverse(g.len()), g[0]));
    all
}

/// A place in a layer: a node, or the way of a line through.
struct Slot {
    node: Option<usize>,
    h: f64,
    y: f64,
}

/// One group, laid out.
struct Layers {
    w: f64,
    h: f64,
    slots: Vec<Slot>,
    /// The slots of each layer, from top to bottom; its left side and its width.
    layers: Vec<Vec<usize>>,
    lefts: Vec<(f64, f64)>,
    /// Of each line its index, the slots it goes through, and whether it was turned round.
    ways: Vec<(usize, Vec<usize>, bool)>,
}

impl Layers {
    fn of(nodes: &[usize], sizes: &[Size], edges: &[(usize, usize)]) -> Layers {
        let here: BTreeMap<usize, usize> = nodes.iter().enumerate().map(|(i, n)| (*n, i)).collect();
        let mine: Vec<(usize, (usize, usize))> =
            edges.iter().enumerate().filter_map(|(i, (a, b))| Some((i, (*here.get(a)?, *here.get(b)?)))).collect();
        let pairs: Vec<(usize, usize)> = mine.iter().map(|(_, pair)| *pair).collect();
        let ranks = ranks(nodes.len(), &pairs);
        let mut slots: Vec<Slot> =
            nodes.iter().map(|n| Slot { node: Some(*n), h: sizes[*n].h + GAP, y: 0.0 }).collect();
        let mut layers = vec![vec![]; ranks.iter().max().map_or(0, |r| r + 1)];
        (0..nodes.len()).for_each(|n| layers[ranks[n]].push(n));
        let mut ways = vec![];
        for (edge, (a, b)) in mine.into_iter().filter(|(_, (a, b))| a != b) {
            let turned = ranks[a] > ranks[b];
            let (a, b) = if turned { (b, a) } else { (a, b) };
            let mut way = vec![a];
            for layer in layers.iter_mut().take(ranks[b]).skip(ranks[a] + 1) {
                layer.push(slots.len());
                way.push(slots.len());
                slots.push(Slot { node: None, h: WAY, y: 0.0 });
            }
            way.push(b);
            ways.push((edge, way, turned));
        }
        let mut all = Layers { w: 0.0, h: 0.0, slots, layers, lefts: vec![], ways };
        let (before, after) = all.neighbours();
        order(&mut all.layers, &before, &after);
        all.heights(&before, &after);
        all.widths(sizes);
        all
    }

    /// Of each slot those in the layer before, and those in the layer after.
    fn neighbours(&self) -> (Vec<Vec<usize>>, Vec<Vec<usize>>) {
        let mut before = vec![vec![]; self.slots.len()];
        let mut after = before.clone();
        for pair in self.ways.iter().flat_map(|(_, way, _)| way.windows(2)) {
            before[pair[1]].push(pair[0]);
            after[pair[0]].push(pair[1]);
        }
        (before, after)
    }

    /// Each slot as near to the middle of its neighbours as its order in the layer lets it.
    fn heights(&mut self, before: &[Vec<usize>], after: &[Vec<usize>]) {
        for layer in &self.layers {
            let mut y = 0.0;
            for slot in layer {
                self.slots[*slot].y = y + self.slots[*slot].h / 2.0;
                y += self.slots[*slot].h;
            }
        }
        for sweep in 0..SWEEPS {
            let forward = sweep % 2 == 0;
            let order: Vec<usize> =
                if forward { (0..self.layers.len()).collect() } else { (0..self.layers.len()).rev().collect() };
            for i in order {
                let neighbours = if forward { before } else { after };
                self.settle(i, neighbours);
            }
        }
        let top = |s: &Slot| s.y - s.h / 2.0;
        let least = self.slots.iter().map(top).fold(f64::INFINITY, f64::min);
        self.slots.iter_mut().for_each(|s| s.y -= least);
        self.h = self.slots.iter().map(|s| s.y + s.h / 2.0).fold(0.0, f64::max);
    }

    fn settle(&mut self, layer: usize, neighbours: &[Vec<usize>]) {
        let layer = &self.layers[layer];
        let wish = |slot: &usize| {
            let of = &neighbours[*slot];
            let sum: f64 = of.iter().map(|n| self.slots[*n].y).sum();
            if of.is_empty() { self.slots[*slot].y } else { sum / of.len() as f64 }
        };
        let wishes: Vec<f64> = layer.iter().map(wish).collect();
        let heights: Vec<f64> = layer.iter().map(|slot| self.slots[*slot].h).collect();
        for (slot, y) in layer.clone().into_iter().zip(apart(&wishes, &heights)) {
            self.slots[slot].y = y;
        }
    }

    fn widths(&mut self, sizes: &[Size]) {
        let mut x = 0.0;
        for layer in &self.layers {
            let nodes = layer.iter().filter_map(|slot| self.slots[*slot].node);
            let w = nodes.map(|n| sizes[n].w).fold(0.0, f64::max);
            self.lefts.push((x, w));
            x += w + APART;
        }
        self.w = x - APART;
    }

    fn put(&self, x: f64, y: f64, sizes: &[Size], placed: &mut Placed) {
        let mut layer_of = vec![0; self.slots.len()];
        for (i, layer) in self.layers.iter().enumerate() {
            layer.iter().for_each(|slot| layer_of[*slot] = i);
        }
        for (slot, layer) in self.slots.iter().zip(&layer_of) {
            if let Some(n) = slot.node {
                placed.nodes[n] = (x + self.lefts[*layer].0, y + slot.y - sizes[n].h / 2.0);
            }
        }
        for (edge, way, turned) in &self.ways {
            let mut points = vec![];
            for (i, slot) in way.iter().enumerate() {
                let (left, w) = self.lefts[layer_of[*slot]];
                let own = self.slots[*slot].node.map_or(w, |n| sizes[n].w);
                let (left, right, mid) = (x + left, x + left + own, y + self.slots[*slot].y);
                if i > 0 {
                    points.push((left, mid));
                }
                if i + 1 < way.len() {
                    points.push((right, mid));
                }
            }
            if *turned {
                points.reverse();
            }
            placed.edges[*edge] = points;
        }
    }
}

/// The layer of each node: after all that point to it. Lines that close a circle do not count.
fn ranks(nodes: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut after = vec![vec![]; nodes];
    edges.iter().filter(|(a, b)| a != b).for_each(|(a, b)| after[*a].push(*b));
    let order = finished(&after);
    let mut place = vec![0; nodes];
    order.iter().enumerate().for_each(|(i, n)| place[*n] = i);
    let mut ranks = vec![0; nodes];
    for n in &order {
        for to in after[*n].iter().filter(|to| place[**to] > place[*n]) {
            ranks[*to] = ranks[*to].max(ranks[*n] + 1);
        }
    }
    ranks
}

/// Depth first, those that are done last first: an order in which only lines of a circle go back. Without recursion, as a
/// chain of tables may be long.
fn finished(after: &[Vec<usize>]) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    let mut done = vec![];
    let pointed: BTreeSet<usize> = after.iter().flatten().copied().collect();
    let roots = (0..after.len()).filter(|n| !pointed.contains(n)).chain(0..after.len());
    for root in roots {
        if !seen.insert(root) {
            continue;
        }
        let mut stack = vec![(root, 0)];
        while let Some((n, next)) = stack.pop() {
            match after[n].get(next) {
                None => done.push(n),
                Some(to) => {
                    stack.push((n, next + 1));
                    if seen.insert(*to) {
                        stack.push((*to, 0));
                    }
                }
            }
        }
    }
    done.reverse();
    done
}

/// The order within the layers: each slot by the mean place of its neighbours, forward and back.
fn order(layers: &mut [Vec<usize>], before: &[Vec<usize>], after: &[Vec<usize>]) {
    let mut place = vec![0.0; before.len()];
    let count = layers.len();
    for sweep in 0..=SWEEPS {
        let forward = sweep % 2 == 0;
        for i in 0..count {
            let layer = &mut layers[if forward { i } else { count - 1 - i }];
            let neighbours = if forward { before } else { after };
            let mean = |slot: &usize| {
                let of = &neighbours[*slot];
                let sum: f64 = of.iter().map(|n| place[*n]).sum();
                if of.is_empty() { place[*slot] } else { sum / of.len() as f64 }
            };
            if sweep > 0 {
                let mut wishes: Vec<(f64, usize)> = layer.iter().map(|slot| (mean(slot), *slot)).collect();
                wishes.sort_by(|a, b| a.0.total_cmp(&b.0));
                *layer = wishes.into_iter().map(|(_, slot)| slot).collect();
            }
            layer.iter().enumerate().for_each(|(i, slot)| place[*slot] = i as f64);
        }
    }
}

/// The middles nearest to what is wished for, by least squares, so that nothing overlaps and the order stays: what would
/// overlap moves as one block, to the mean of its wishes (pool adjacent violators).
fn apart(wishes: &[f64], heights: &[f64]) -> Vec<f64> {
    let mut offsets = vec![];
    let mut at = 0.0;
    for h in heights {
        offsets.push(at + h / 2.0);
        at += h;
    }
    let mut blocks: Vec<(f64, usize)> = vec![];
    for (wish, offset) in wishes.iter().zip(&offsets) {
        let mut block = (wish - offset, 1);
        while let Some((mean, n)) = blocks.pop_if(|(mean, _)| *mean >= block.0) {
            block = ((mean * n as f64 + block.0 * block.1 as f64) / (n + block.1) as f64, n + block.1);
        }
        blocks.push(block);
    }
    let tops = blocks.into_iter().flat_map(|(mean, n)| std::iter::repeat_n(mean, n));
    tops.zip(offsets).map(|(top, offset)| top + offset).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(n: usize) -> Vec<Size> {
        (0..n).map(|_| Size { w: 100.0, h: 20.0 }).collect()
    }

    fn overlap(placed: &Placed, sizes: &[Size]) -> bool {
        let one = |i: usize, j: usize| {
            let ((ax, ay), (bx, by)) = (placed.nodes[i], placed.nodes[j]);
            ax < bx + sizes[j].w && bx < ax + sizes[i].w && ay + 0.001 < by + sizes[j].h && by + 0.001 < ay + sizes[i].h
        };
        (0..sizes.len()).any(|i| (0..i).any(|j| one(i, j)))
    }

    #[test]
    fn what_is_pointed_to_stands_to_the_right() {
        let edges = [(0, 1), (1, 2), (0, 2), (3, 2)];
        let placed = layout(&sizes(5), &edges);
        assert!(!overlap(&placed, &sizes(5)), "{placed:?}");
        for ((a, b), way) in edges.iter().zip(&placed.edges) {
            assert!(placed.nodes[*a].0 < placed.nodes[*b].0, "{placed:?}");
            assert_eq!(way.first().map(|p| p.0), Some(placed.nodes[*a].0 + 100.0));
            assert_eq!(way.last().map(|p| p.0), Some(placed.nodes[*b].0));
        }
    }

    #[test]
    fn circles_and_loops_are_drawn_as_well() {
        let placed = layout(&sizes(3), &[(0, 1), (1, 2), (2, 0), (1, 1)]);
        assert!(!overlap(&placed, &sizes(3)), "{placed:?}");
        assert_eq!(placed.edges[2].first().map(|p| p.0), Some(placed.nodes[2].0));
        assert!(placed.edges[3].is_empty());
    }

    #[test]
    fn a_large_one_is_quick_and_nothing_overlaps() {
        // Numbers that look random and are not.
        let edges: Vec<(usize, usize)> =
            (0..1500_usize).map(|i| ((i * 7919) % 700, (i * 104_729 + 13) % 700)).filter(|(a, b)| a < b).collect();
        let begun = std::time::Instant::now();
        let placed = layout(&sizes(700), &edges);
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
        assert!(!overlap(&placed, &sizes(700)));
        assert_eq!(placed, layout(&sizes(700), &edges));
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(layout(&[], &[]).w, 0.0);
    }
}
