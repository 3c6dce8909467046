/** A straight line through points, by least squares. */
export interface Line {
  slope: number
  /** The standard error of the slope, from how far the points are off the line. */
  error: number
}

/** Fits a line to at least three points. */
export function fit(points: Array<{ x: number; y: number }>): Line {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const middle = { x: mean(points.map(({ x }) => x)), y: mean(points.map(({ y }) => y)) }
  const spread = points.reduce((sum, { x }) => sum + (x - middle.x) ** 2, 0)
  const slope = points.reduce((sum, { x, y }) => sum + (x - middle.x) * (y - middle.y), 0) / spread
  const squares = points.reduce((sum, { x, y }) => sum + (y - middle.y - slope * (x - middle.x)) ** 2, 0)
  return { slope, error: Math.sqrt(squares / (points.length - 2) / spread) }
}
