// Shapes of the API's answers that more than one view reads.

// A list, or a page of one.
export function listOf(data) {
  return Array.isArray(data) ? data : data.items || data.runs || data.rows || [];
}
