// A plan as a layered graph: columns are what can run side by side. Pure: nodes in, positions out.

// Edges without those that others imply.
export function reduced(nodes) {
  const byId = new Map(nodes.map((n) => [n.id, n]));
  const before = new Map();
  for (const n of nodes) before.set(n.id, [...new Set(n.after.filter((id) => byId.has(id)))]);
  const reach = new Map();
  const ancestors = (id) => {
    if (reach.has(id)) return reach.get(id);
    const all = new Set();
    reach.set(id, all); // a cycle ends here
    for (const p of before.get(id)) {
      all.add(p);
      for (const q of ancestors(p)) all.add(q);
    }
    return all;
  };
  const edges = [];
  for (const n of nodes) {
    const direct = before.get(n.id);
    for (const p of direct)
      if (!direct.some((q) => q !== p && ancestors(q).has(p))) edges.push([p, n.id]);
  }
  return edges;
}

// The steps of a plan that may run, with what they wait for through those that may not.
export function planNodes(steps, out) {
  const left = new Set(out);
  const byId = new Map(steps.map((s) => [s.id, s]));
  const through = (ids, seen) => ids.flatMap((id) => {
    if (!left.has(id)) return [id];
    if (seen.has(id) || !byId.has(id)) return [];
    seen.add(id);
    return through(byId.get(id).after, seen);
  });
  return steps.filter((s) => !left.has(s.id)).map((s) => ({ ...s, after: [...new Set(through(s.after, new Set()))] }));
}

// Nodes that only look, of one phase, and wait for and are waited for by the same: three or more become one, which holds them in `all`.
export function gathered(nodes, looks) {
  const next = new Map(nodes.map((n) => [n.id, []]));
  for (const n of nodes) for (const id of n.after) if (next.has(id)) next.get(id).push(n.id);
  const keyOf = (n) => JSON.stringify([n.phase, [...n.after].sort(), next.get(n.id).sort()]);
  const groups = new Map();
  for (const n of nodes) if (looks(n)) groups.set(keyOf(n), [...(groups.get(keyOf(n)) || []), n]);
  const stand = new Map(); // id: of the group that it went into
  const made = [...groups.values()].filter((g) => g.length > 2).map((g) => {
    const group = { ...g[0], id: `${g[0].id.split(':')[0]} ×${g.length}`, all: g };
    g.forEach((n) => stand.set(n.id, group.id));
    return group;
  });
  const kept = nodes.filter((n) => !stand.has(n.id));
  return [...made, ...kept].map((n) => ({ all: [n], ...n, after: [...new Set(n.after.map((id) => stand.get(id) || id))] }));
}

function layersOf(nodes, edges) {
  const level = new Map(nodes.map((n) => [n.id, 0]));
  for (let round = 0; round < nodes.length; round++) { // as long as something moves; a cycle would end it too
    let moved = false;
    for (const [a, b] of edges)
      if (level.get(b) < level.get(a) + 1 && level.get(a) + 1 < nodes.length) {
        level.set(b, level.get(a) + 1);
        moved = true;
      }
    if (!moved) break;
  }
  return level;
}

// An edge that passes a column gets a place in it, so that it runs between the nodes and not through them.
function withBends(nodes, edges, level) {
  const columns = [];
  const put = (at, item) => ((columns[at] = columns[at] || []).push(item), item);
  const items = new Map(nodes.map((n) => [n.id, put(level.get(n.id), { id: n.id, node: n, up: [], down: [] })]));
  const paths = edges.map(([a, b]) => {
    const path = [items.get(a)];
    for (let l = level.get(a) + 1; l < level.get(b); l++) path.push(put(l, { id: `${a}>${b}@${l}`, node: null, up: [], down: [] }));
    path.push(items.get(b));
    for (let i = 0; i + 1 < path.length; i++) {
      path[i].down.push(path[i + 1]);
      path[i + 1].up.push(path[i]);
    }
    return { from: a, to: b, path };
  });
  return { columns: columns.map((c) => c || []), paths };
}

function sortBy(column, side) {
  const centre = (item) => (item[side].length ? item[side].reduce((sum, o) => sum + o.row, 0) / item[side].length : item.row);
  const keyed = column.map((item) => [centre(item), item]);
  keyed.sort((a, b) => a[0] - b[0] || a[1].row - b[1].row);
  keyed.forEach(([, item], row) => { item.row = row; });
  column.splice(0, column.length, ...keyed.map(([, item]) => item));
}

function order(columns) {
  columns.forEach((c) => c.forEach((item, row) => { item.row = row; }));
  for (let sweep = 0; sweep < 6; sweep++) {
    for (let c = 1; c < columns.length; c++) sortBy(columns[c], 'up');
    for (let c = columns.length - 2; c >= 0; c--) sortBy(columns[c], 'down');
  }
}

// {width, height, nodes: [{node, x, y}], edges: [{from, to, d}]}; x and y are a node's upper left corner.
export function layout(nodes, size) {
  const edges = reduced(nodes);
  const { columns, paths } = withBends(nodes, edges, layersOf(nodes, edges));
  order(columns);
  const { width: w, height: hh, gapX, gapY, bend } = size;
  const heightOf = (item) => (item.node ? hh : bend);
  const tall = columns.map((c) => c.reduce((sum, item) => sum + heightOf(item) + gapY, -gapY));
  const height = Math.max(0, ...tall);
  columns.forEach((column, c) => {
    let y = (height - tall[c]) / 2;
    for (const item of column) {
      item.x = c * (w + gapX);
      item.y = y;
      item.mid = y + heightOf(item) / 2;
      y += heightOf(item) + gapY;
    }
  });
  return {
    width: Math.max(0, columns.length * (w + gapX) - gapX), height,
    nodes: columns.flat().filter((i) => i.node).map((i) => ({ node: i.node, x: i.x, y: i.y })),
    edges: paths.map((e) => ({ from: e.from, to: e.to, d: curve(e.path, w, gapX) })),
  };
}

function curve(path, w, gapX) {
  let d = '';
  for (let i = 0; i + 1 < path.length; i++) {
    const a = path[i], b = path[i + 1];
    const x1 = a.x + w, x2 = b.x, half = gapX / 2;
    if (!d) d = `M${x1} ${a.mid}`;
    d += ` C${x1 + half} ${a.mid} ${x2 - half} ${b.mid} ${x2} ${b.mid}`;
    if (!b.node) d += ` H${b.x + w}`;
  }
  return d;
}
