// Server-sent events, as text comes in. Pure.

// {events: [{id, event, data}], rest}: what is complete in text, and what is not yet. Comments keep the stream alive and say nothing.
export function takeEvents(text) {
  const blocks = text.replaceAll('\r\n', '\n').split('\n\n');
  const rest = blocks.pop();
  return { events: blocks.map(readBlock).filter((e) => e.data !== ''), rest };
}

function readBlock(block) {
  const event = { id: '', event: 'message', data: '' };
  const data = [];
  for (const l of block.split('\n')) {
    const at = l.indexOf(':');
    if (at <= 0) continue;
    const name = l.slice(0, at), value = l.slice(at + 1).replace(/^ /, '');
    if (name === 'data') data.push(value);
    else if (name === 'id' || name === 'event') event[name] = value;
  }
  event.data = data.join('\n');
  return event;
}
