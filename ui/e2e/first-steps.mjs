// From an empty server to the first chart, and what happens when the server dies or the session ends.

/** `server` is empty; `target` is the address of a PostgreSQL with the password of its role. */
export async function firstSteps(walk, server, target) {
  const { page, context } = walk
  await walk.step('an empty server asks for the first account', async () => {
    await page.goto(walk.base)
    await page.getByRole('heading', { name: 'Make the first account' }).waitFor()
    await walk.inspect()
    await page.getByLabel('Your name').fill('Ada')
    await page.getByLabel('E-mail').fill('ada@basira.example')
    await page.getByLabel('Password').fill('correct horse battery')
    await page.getByLabel('Organization').fill('Acme')
    await page.getByRole('button', { name: 'Make the account' }).click()
    await page.getByRole('heading', { name: 'Add a database' }).waitFor()
    await walk.inspect()
  })

  await walk.step('an address where nobody answers', async () => {
    await page.getByLabel('Paste its address').fill('postgres://nobody@127.0.0.1:1/x')
    await page.getByRole('button', { name: 'Test' }).click()
    await page.getByText('No connection').waitFor()
    await walk.inspect()
  })

  await walk.step('the first chart within a minute', async () => {
    await page.getByLabel('Paste its address').fill(target)
    await page.getByRole('button', { name: 'Test' }).click()
    await page.getByText('Connected').first().waitFor()
    await page.getByLabel('Name', { exact: true }).fill('first')
    await page.getByRole('button', { name: 'Watch it' }).click()
    await page.locator('[role="img"][aria-label^="Load by wait, latest"]').waitFor({ timeout: 60_000 })
  })

  await walk.step('a second database, without a proved address', async () => {
    const [first] = await page.evaluate(() => fetch('/api/v1/databases').then((answer) => answer.json()))
    const body = { name: 'second', engine: 'postgres', dsn: target }
    const status = await page.evaluate(
      (body) => fetch('/api/v1/databases', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }).then(({ status }) => status),
      body
    )
    if (status !== 201) walk.fail(`it is refused with ${status}`)
    await page.goto(`${walk.base}/d/${first.id}?from=now-15m`)
    await page.getByRole('heading', { name: 'Load by wait' }).waitFor()
  })

  await walk.step('the server is killed and comes back', async () => {
    await page.evaluate(() => (globalThis.notReloaded = true))
    walk.isAway = true
    await server.kill()
    await page.getByText('The server has not answered').waitFor()
    if (!(await page.getByRole('heading', { name: 'Load by wait' }).isVisible())) walk.fail('what was read before is gone')
    await server.start()
    await page.getByText('The server has not answered').waitFor({ state: 'detached' })
    walk.isAway = false
    await page.getByText('last seen').waitFor()
    if (!(await page.evaluate(() => globalThis.notReloaded))) walk.fail('the page was loaded again')
  })

  await walk.step('the session ends, and goes on where it ended', async () => {
    // What is asked without a session is refused.
    walk.isAway = true
    await context.clearCookies()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await page.getByLabel('E-mail').fill('ada@basira.example')
    await page.getByLabel('Password', { exact: true }).fill('correct horse battery')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    walk.isAway = false
    await page.waitForURL(/\/d\/.*from=now-15m/)
    await page.getByRole('heading', { name: 'Load by wait' }).waitFor()
  })
}
