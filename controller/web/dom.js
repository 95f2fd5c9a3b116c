// A view is a function from state to a tree of plain objects; patch() makes the document agree with it and touches nothing that
// already does, so that focus, selection and scroll positions stay. Data only ever becomes text nodes and attributes.

const SVG = 'http://www.w3.org/2000/svg';

// h('button.primary', {onclick: f}, 'Go', [more]); null and false children are left out.
export function h(what, props, ...kids) {
  const [tag, ...classes] = what.split('.');
  const given = props || {};
  const all = [...classes, given.class].filter(Boolean).join(' ');
  return { tag, key: given.key, props: all ? { ...given, class: all } : given, kids: flat(kids) };
}

function flat(kids) {
  return kids.flat(Infinity).filter((k) => k !== null && k !== undefined && k !== false && k !== '')
    .map((k) => (typeof k === 'object' ? k : String(k)));
}

function create(v, inSvg) {
  if (typeof v === 'string') return document.createTextNode(v);
  const svg = inSvg || v.tag === 'svg';
  const el = svg ? document.createElementNS(SVG, v.tag) : document.createElement(v.tag);
  el.evacKey = v.key;
  update(el, v, svg);
  if (v.props.mounted) v.props.mounted(el);
  return el;
}

// What the user can change by hand is a property: the attribute is only its beginning.
const LIVE = new Set(['value', 'checked', 'selected', 'open']);

function setProp(el, name, value, old) {
  if (name.startsWith('on')) {
    el[name] = value || null;
  } else if (name === 'value' || name === 'checked' || name === 'selected') {
    if (el[name] !== value) el[name] = value;
  } else if (name === 'style') {
    setStyle(el, value || {}, old || {});
  } else if (value === null || value === undefined || value === false) {
    el.removeAttribute(name);
  } else if (value !== old) {
    el.setAttribute(name, value === true ? '' : String(value));
  }
}

// By the object model, which the policy allows; a style attribute it does not.
function setStyle(el, now, old) {
  for (const k of Object.keys(old)) if (!(k in now)) el.style.removeProperty(k);
  for (const [k, v] of Object.entries(now)) if (v !== old[k]) el.style.setProperty(k, v);
}

const OWN = new Set(['key', 'mounted', 'held']);

function update(el, v, svg) {
  const old = el.evacProps || {};
  for (const name of Object.keys(old))
    if (!(name in v.props) && !OWN.has(name) && !LIVE.has(name)) setProp(el, name, null, old[name]);
  for (const [name, value] of Object.entries(v.props))
    if (!OWN.has(name) && value !== old[name]) setProp(el, name, value, old[name]);
  el.evacProps = v.props;
  if (!v.props.held) patchKids(el, v.kids, svg && v.tag !== 'foreignObject');
}

function fits(node, v) {
  if (typeof v === 'string') return node.nodeType === 3;
  return node.nodeType === 1 && node.localName === v.tag && node.evacKey === v.key;
}

function patchKids(el, kids, svg) {
  const keyed = new Map();
  for (const node of el.childNodes) if (node.evacKey !== undefined) keyed.set(node.evacKey, node);
  let at = el.firstChild;
  for (const v of kids) {
    let node = at;
    if (!node || !fits(node, v)) {
      const kept = typeof v === 'object' && v.key !== undefined ? keyed.get(v.key) : undefined;
      node = kept && fits(kept, v) ? kept : create(v, svg);
      el.insertBefore(node, at);
    } else {
      at = at.nextSibling;
    }
    if (typeof v === 'string') {
      if (node.data !== v) node.data = v;
    } else if (node.evacProps !== v.props) {
      update(node, v, svg || v.tag === 'svg');
    }
  }
  while (at) {
    const next = at.nextSibling;
    el.removeChild(at);
    at = next;
  }
}

// Makes root's children be these.
export function patch(root, ...kids) {
  patchKids(root, flat(kids), false);
}
