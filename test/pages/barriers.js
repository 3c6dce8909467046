// Runs in the page: what somebody who cannot see it, or has no mouse, would miss.
;(() => {
  const all = selector => [...document.querySelectorAll(selector)]
  const seen = element => element.offsetParent !== null
  const ids = all('[id]').map(({ id }) => id)
  const inputs = all('input, select').filter(seen)
  const missing = inputs.flatMap(input =>
    (input.getAttribute('aria-describedby') ?? '').split(' ').filter(id => id && !document.getElementById(id))
  )
  return [
    document.documentElement.lang ? [] : ['no language'],
    document.title ? [] : ['no title'],
    all('h1').length === 1 ? [] : ['not one h1'],
    all('main').length === 1 ? [] : ['not one main'],
    ids.length === new Set(ids).size ? [] : ['an id that is not unique'],
    inputs.filter(input => !input.labels?.[0]?.innerText.trim()).map(({ name }) => `${name} has no label`),
    inputs.filter(input => !input.autocomplete && input.type !== 'checkbox').map(({ name }) => `${name} fills nothing`),
    missing.map(id => `${id} describes nothing`),
    all('button, a')
      .filter(element => seen(element) && !element.innerText.trim())
      .map(() => 'a nameless button'),
    document.documentElement.scrollWidth > innerWidth ? ['the page is wider than the window'] : [],
    all('h1, p, label, small, button, a')
      .filter(element => seen(element) && element.innerText.trim())
      .filter(element => contrast(element) < 4.5)
      .map(element => `${element.innerText.slice(0, 30)} has a contrast of ${contrast(element).toFixed(1)}`)
  ].flat()

  /** WCAG 2.2, contrast ratio. */
  function contrast(element) {
    const [one, other] = [luminance(getComputedStyle(element).color), luminance(backgroundOf(element))]
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
  }

  function backgroundOf(element) {
    if (!element) return 'rgb(255, 255, 255)'
    const { backgroundColor } = getComputedStyle(element)
    return /, 0\)$/.test(backgroundColor) ? backgroundOf(element.parentElement) : backgroundColor
  }

  function luminance(color) {
    const [red = 0, green = 0, blue = 0] = (color.match(/[\d.]+/g) ?? []).map(part => {
      const share = Number(part) / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
})()
