// What somebody does with the page of the demo: filter, search, drag, type, go back.

export async function journey(walk, { id }) {
  const { page } = walk
  await walk.step('the fleet, filtered', async () => {
    await page.goto(walk.base)
    await page.locator('[data-row]').first().waitFor()
    await walk.inspect()
    await page.getByLabel('Filter').fill('no such database')
    await page.getByText('No database fits').waitFor()
    if (!page.url().includes('filter=')) walk.fail('the filter does not stand in the address')
    await page.getByRole('button', { name: 'Show all' }).click()
  })

  await walk.step('keys: search, help', async () => {
    await page.keyboard.press('/')
    await page.getByRole('combobox', { name: 'Search' }).fill('shop')
    await page.getByRole('option').first().waitFor()
    await walk.inspect()
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await page.getByText('Type a time range', { exact: true }).waitFor()
    await page.keyboard.press('Escape')
  })

  await walk.step('a span is dragged and cleared', async () => {
    await page.goto(`${walk.base}/d/${id}?from=now-1h`)
    await page.locator('.u-over').first().waitFor()
    await page.waitForTimeout(1000)
    const box = await page.locator('.u-over').first().boundingBox()
    await page.mouse.move(box.x + box.width * 0.8, box.y + 40)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.95, box.y + 40, { steps: 4 })
    await page.mouse.up()
    await page.getByText('selected').waitFor()
    if (!page.url().includes('sel=')) walk.fail('the selection does not stand in the address')
    await page.getByRole('button', { name: 'clear' }).click()
  })

  await walk.step('a typed range, and back', async () => {
    await page.keyboard.press('t')
    await page.getByRole('textbox', { name: 'Time range' }).fill('now-3h')
    await page.keyboard.press('Enter')
    await page.waitForURL(/from=now-3h/)
    await page.goBack()
    await page.waitForURL(/from=now-1h/)
  })

  await walk.step('a click on a moment opens the recorder there', async () => {
    const box = await page.locator('.u-over').first().boundingBox()
    await page.mouse.click(box.x + box.width * 0.99, box.y + 40)
    await page.waitForURL(/\/live\?.*at=/)
    await page.getByRole('heading', { name: 'Sessions' }).waitFor()
  })
}
