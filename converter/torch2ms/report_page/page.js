// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The report page. All elements are made by `make`, and all text goes in as text. What is shown is
// kept in the part of the address behind the `#`, so that a place in the report can be linked to.
'use strict';

const AT_ONCE = 300;
const MOST_TOKENS = 400;

const report = JSON.parse(document.getElementById('data').textContent);
const texts = {
  statuses: new Map(report.texts.status.map((row) => [row.name, row])),
  findings: new Map(report.texts.finding.map((row) => [row.kind, row])),
  rules: new Map(report.texts.rule.map((row) => [row.name, row])),
};
const recipesOf = Map.groupBy(report.recipes, (recipe) => recipe.file);
const files = report.files.map(readFile);
const byPath = new Map(files.map((file) => [file.path, file]));

// What is shown: kept in the address.
const view = {query: '', statuses: new Set(), kind: '', package: '', sort: 'status', line: 0};

// --- the data

function readFile([path, status, reason, importReason, [found, resolved, converted], edits, findings]) {
  const text = (place) => report.strings[place];
  const file = {path, status, found, resolved, converted, open: false, all: false};
  file.reasons = [reason, importReason && `Does not import: ${importReason}`].filter(Boolean);
  file.edits = inFours(edits).map(([line, rule, before, after]) => (
    {line, rule: text(rule), before: text(before), after: text(after)}));
  file.findings = inFours(findings).map(([line, kind, what, message]) => (
    {line, kind: text(kind), text: text(what), message: text(message)}));
  file.recipes = recipesOf.get(path) ?? [];
  file.kinds = new Set(file.findings.map((finding) => finding.kind));
  if (importReason) file.kinds.add('does not import');
  file.packages = new Set(
    file.findings.filter((finding) => finding.kind === 'left').map((finding) => finding.text));
  if (edits.length || found) file.packages.add('torch');
  return file;
}

function inFours(numbers) {
  return Array.from({length: numbers.length / 4}, (_, i) => numbers.slice(4 * i, 4 * i + 4));
}

function holds(text) {
  return text.toLowerCase().includes(view.query);
}

function editHolds(edit) {
  return holds(edit.before) || holds(edit.after) || holds(edit.rule);
}

function findingHolds(finding) {
  return holds(finding.text) || holds(finding.message) || holds(finding.kind);
}

function recipeHolds(recipe) {
  return [recipe.name, recipe.reason, recipe.before, recipe.after].some(holds);
}

function fits(file) {
  return (!view.statuses.size || view.statuses.has(file.status))
    && (!view.kind || file.kinds.has(view.kind))
    && (!view.package || file.packages.has(view.package))
    && (!view.query || wordsOf(file).includes(view.query));
}

// All that the search looks through, made at the first search.
function wordsOf(file) {
  file.words ??= [
    file.path,
    ...file.reasons,
    ...file.edits.flatMap(({rule, before, after}) => [rule, before, after]),
    ...file.findings.flatMap(({kind, text, message}) => [kind, text, message]),
    ...file.recipes.flatMap(({name, reason, before, after}) => [name, reason, before, after]),
  ].join('\n').toLowerCase();
  return file.words;
}

// --- making elements

function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null));
  return element;
}

function at(id) {
  return document.getElementById(id);
}

function number(value) {
  return value.toLocaleString('en');
}

function count(value, one, many = `${one}s`) {
  return `${number(value)} ${value === 1 ? one : many}`;
}

// Rounded down, so that only the whole is 100 %.
function share(part, whole) {
  return `${(Math.floor(1000 * part / whole) / 10).toLocaleString('en')} %`;
}

// Characters that have no picture of their own, or that turn the writing around, by their number.
function visible(text) {
  return text.replace(
    /[\0-\x08\x0a-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (c) => `<U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}>`);
}

// Text with its changed spans in `tag`, and what the search looks for marked.
function pieces(text, spans = [], tag = 'ins') {
  const found = [];
  const lower = text.toLowerCase();
  // Lower case may have another length (as in Turkish): then places would not agree.
  if (view.query && lower.length === text.length) {
    for (let i = lower.indexOf(view.query); i >= 0; i = lower.indexOf(view.query, i + 1)) {
      found.push([i, i + view.query.length]);
    }
  }
  const within = (ranges, place) => ranges.some(([start, end]) => start <= place && place < end);
  const cuts = [...new Set([0, text.length, ...spans.flat(), ...found.flat()])].sort((a, b) => a - b);
  return cuts.slice(0, -1).map((start, i) => {
    let node = visible(text.slice(start, cuts[i + 1]));
    if (within(found, start)) node = make('mark', null, node);
    return within(spans, start) ? make(tag, null, node) : node;
  });
}

// The spans of two lines that differ, by words: [spans before, spans after].
function differences(before, after) {
  const old = before.match(/\w+|\s+|[^\w\s]/gu) ?? [];
  const now = after.match(/\w+|\s+|[^\w\s]/gu) ?? [];
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(old.length, now.length) - head
    && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
  const middles = [old, now].map((tokens) => tokens.slice(head, tokens.length - tail));
  const kept = middles.every((tokens) => tokens.length <= MOST_TOKENS) ? common(...middles) : [[], []];
  return [old, now].map((tokens, side) => {
    const same = new Set(kept[side].map((place) => place + head));
    return spansOf(tokens, (i) => i >= head && i < tokens.length - tail && !same.has(i));
  });
}

// Longest common subsequence: the places of its tokens on both sides.
function common(old, now) {
  const longest = Array.from({length: old.length + 1}, () => new Uint16Array(now.length + 1));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      longest[i][j] = old[i] === now[j]
        ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
    }
  }
  const kept = [[], []];
  for (let i = 0, j = 0; i < old.length && j < now.length;) {
    if (old[i] === now[j]) {
      kept[0].push(i++);
      kept[1].push(j++);
    } else if (longest[i + 1][j] >= longest[i][j + 1]) i += 1;
    else j += 1;
  }
  return kept;
}

function spansOf(tokens, changed) {
  const spans = [];
  let place = 0;
  tokens.forEach((token, i) => {
    const end = place + token.length;
    if (changed(i)) {
      if (spans.length && spans.at(-1)[1] === place) spans.at(-1)[1] = end;
      else spans.push([place, end]);
    }
    place = end;
  });
  return spans;
}

// --- the head of the page

function showHead() {
  const upstream = report.upstream?.replace('==', ' ');
  document.title = `${upstream ?? 'Conversion'} \u2013 torch2ms report`;
  at('about').append(
    [upstream, `target ${report.target}`, `torch2ms ${report.version}`].filter(Boolean).join(' \u00b7 '));
  const {numbers} = report;
  const todo = files.filter((file) => file.status === 'attention').length;
  at('verdict').append(
    `${count(numbers.files, 'file')}, ${number(numbers.files_changed)} changed. `,
    todo
      ? make('a', {href: '#status=attention'}, todo === 1 ? '1 file needs attention.' : `${number(todo)} files need attention.`)
      : 'No file needs attention.',
    numbers.unparsable
      ? make('span', null, ' ', make('a', {href: '#status=unparsable'}, `${count(numbers.unparsable, 'file')} could not be parsed.`)) : '');
  at('numbers').append(...report.texts.number.filter(isShown).map(numberCard));
}

function isShown(row) {
  return row.key in report.numbers && !row.except?.includes(report.target)
    && (!row.of || report.numbers[row.of] > 0);
}

function numberCard({key, label, of, meaning, also, also_meaning: alsoMeaning}) {
  const value = report.numbers[key];
  const whole = report.numbers[of];
  return make('div', {id: `number-${key}`},
    make('dt', null, label),
    make('dd', {class: 'value'}, number(value)),
    of && make('dd', {class: 'share'},
      make('progress', {value, max: whole, class: value === whole ? 'whole' : null, 'aria-hidden': 'true'}),
      `${share(value, whole)} of ${number(whole)}`),
    make('dd', {class: 'meaning'}, meaning,
      also && report.numbers[also] ? ` ${alsoMeaning}: ${number(report.numbers[also])}.` : null));
}

function fold(title, note, ...content) {
  return make('details', {class: 'fold'},
    make('summary', null, title, ' ', make('span', {class: 'soft'}, note)), ...content);
}

function table(name, columns, body) {
  return make('table', {class: `list ${name}`},
    make('thead', null, make('tr', null, columns.map(([title, style]) => make('th', {scope: 'col', class: style}, title)))),
    body);
}

function showMore() {
  if (report.left.length) {
    const rows = report.left.map((row) => make('tr', null,
      make('td', null, make('a', {href: `#${new URLSearchParams({package: row.package})}`, class: 'code'}, row.package)),
      make('td', {class: 'number'}, number(row.imports)),
      make('td', null, row.note)));
    const packages = new Set(report.left.map((row) => row.package)).size;
    at('more').append(fold('Packages around torch that are left', count(packages, 'package'),
      table('left', [['package'], ['imports', 'number'], ['what then happens']], make('tbody', null, rows))));
  }
  if (report.recipes.length) {
    const rows = report.recipes.map((recipe) => make('tr', null,
      make('td', {class: 'code'}, recipe.name),
      make('td', null, make('a', {href: `#${new URLSearchParams({file: recipe.file})}`, class: 'code'}, recipe.file)),
      make('td', null, recipe.reason)));
    at('more').append(fold('Recipes', `${count(report.recipes.length, 'change')} that this upstream needs beyond the rules`,
      table('recipes', [['recipe'], ['file'], ['reason']], make('tbody', null, rows))));
  }
}

function showWords() {
  const groups = [
    ['Numbers', report.texts.number.filter(isShown).map((row) => [row.label, row.meaning])],
    ['Statuses', report.texts.status.map((row) => [row.label, row.meaning])],
    ['Findings', report.texts.finding.map((row) => [row.kind, row.meaning])],
    ['Rules', report.texts.rule.map((row) => [row.name, row.reason])],
  ];
  at('words').append(fold('What the words mean', '', ...groups.flatMap(([title, rows]) => [
    make('h3', null, title),
    make('dl', null, rows.flatMap(([word, meaning]) => [make('dt', null, word), make('dd', null, meaning)])),
  ])));
}

// --- filters

function tally(sets) {
  const counts = new Map();
  for (const words of sets) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}

function showFilters() {
  const statuses = new Map(tally(files.map((file) => [file.status])));
  at('statuses').append(...[...texts.statuses.values()].filter(({name}) => statuses.has(name)).map(({name, label, meaning}) => (
    make('button', {type: 'button', class: name, 'data-status': name, title: meaning, onclick: () => toggleStatus(name)},
      label, make('span', {class: 'soft'}, number(statuses.get(name)))))));
  options('kind', 'all files', tally(files.map((file) => file.kinds)));
  options('package', 'all files', tally(files.map((file) => file.packages)));
  at('kind').addEventListener('change', () => change({kind: at('kind').value}));
  at('package').addEventListener('change', () => change({package: at('package').value}));
  at('search').addEventListener('input', () => change({query: at('search').value.toLowerCase()}));
  at('filters').addEventListener('submit', (event) => event.preventDefault());
  for (const id of ['clear', 'clear-none']) at(id).addEventListener('click', clearFilters);
}

function options(id, none, counts) {
  at(id).append(make('option', {value: ''}, none),
    ...counts.map(([word, files_]) => make('option', {value: word}, `${word} (${number(files_)})`)));
  at(id).closest('label').hidden = !counts.length;
}

function toggleStatus(name) {
  const statuses = new Set(view.statuses);
  if (!statuses.delete(name)) statuses.add(name);
  change({statuses});
}

function clearFilters() {
  change({query: '', statuses: new Set(), kind: '', package: ''});
  at('search').focus();
}

// --- the list of files

const SORTS = {
  file: {title: 'File', key: (file) => file.path},
  status: {title: 'Status', key: (file) => [...texts.statuses.keys()].indexOf(file.status)},
  edits: {title: 'Edits', key: (file) => -file.edits.length - file.recipes.length, style: 'number'},
  findings: {title: 'Findings', key: (file) => -file.findings.length, style: 'number'},
  references: {title: 'References', key: (file) => -file.found, style: 'number'},
};

function showColumns() {
  at('columns').append(...Object.entries(SORTS).map(([name, {title, style}]) => (
    make('th', {scope: 'col', role: 'columnheader', class: style ?? name, 'data-sort': name},
      make('button', {type: 'button', onclick: () => change({sort: name})}, title)))));
}

function sorted(list) {
  const {key} = SORTS[view.sort];
  return list.map((file) => [key(file), file]).sort(([a, one], [b, other]) => (
    a < b ? -1 : a > b ? 1 : one.path < other.path ? -1 : 1)).map(([, file]) => file);
}

function rowOf(file) {
  if (file.row) return file.row;
  const split = file.path.lastIndexOf('/') + 1;
  const folders = file.path.slice(0, split).match(/[^/]*[/]/g) ?? [];
  file.button = make('button', {type: 'button', class: 'open', 'aria-expanded': 'false'},
    make('span', null,
      make('span', {class: 'folder'}, folders.flatMap((folder) => [folder, make('wbr')])),
      make('span', {class: 'name'}, file.path.slice(split))));
  const {label, meaning} = texts.statuses.get(file.status);
  const cell = (value, title) => (
    make('td', {role: 'cell', class: value ? 'number' : 'number zero', title}, number(value)));
  file.row = make('tr', {role: 'row', class: 'file', 'data-path': file.path, onclick: (event) => toggle(file, event)},
    make('th', {role: 'rowheader', scope: 'row'}, file.button),
    make('td', {role: 'cell'}, make('span', {class: `badge ${file.status}`, title: meaning}, label)),
    cell(file.edits.length + file.recipes.length),
    cell(file.findings.length),
    cell(file.found, `${number(file.found)} found, ${number(file.resolved)} resolved, ${number(file.converted)} converted`));
  return file.row;
}

function showFiles() {
  const shown = sorted(files.filter(fits));
  const rows = [];
  for (const file of shown) {
    rows.push(rowOf(file));
    file.button.setAttribute('aria-expanded', file.open);
    if (file.open) rows.push(make('tr', {role: 'row', class: 'detail'}, make('td', {role: 'cell'}, detail(file))));
  }
  const focused = document.activeElement;
  at('rows').replaceChildren(...rows);
  if (focused.isConnected) focused.focus({preventScroll: true});
  at('none').hidden = shown.length > 0;
  at('count').value = shown.length === files.length
    ? count(files.length, 'file') : `${number(shown.length)} of ${count(files.length, 'file')}`;
}

function toggle(file, event) {
  // Whoever selects text in a row does not want to open it.
  if (event.target.tagName === 'TD' && String(getSelection())) return;
  file.open = !file.open;
  file.all = false;
  change({line: 0});
}

// --- one file

function detail(file) {
  const all = file.all || !view.query || holds(file.path);
  const edits = all ? file.edits : file.edits.filter(editHolds);
  const findings = all ? file.findings : file.findings.filter(findingHolds);
  const recipes = all ? file.recipes : file.recipes.filter(recipeHolds);
  const found = edits.length + findings.length + recipes.length;
  const whole = file.edits.length + file.findings.length + file.recipes.length;
  return [
    ...file.reasons.map((reason) => make('p', {class: 'notice'}, pieces(reason))),
    found < whole && make('p', {class: 'soft'}, `${number(found)} of ${number(whole)} entries hold the text searched for. `,
      make('button', {type: 'button', class: 'more', onclick: () => { file.all = true; update(); }}, 'Show all')),
    findingList(file, 'Needs attention', findings.filter((finding) => levelOf(finding) !== 'note')),
    ...recipes.map(recipeBlock),
    ...[...Map.groupBy(edits, (edit) => edit.rule)].map(([rule, list]) => editGroup(file, rule, list)),
    findingList(file, 'Notes', findings.filter((finding) => levelOf(finding) === 'note')),
    !whole && !file.reasons.length && make('p', {class: 'soft'}, texts.statuses.get(file.status).meaning),
  ].filter(Boolean);
}

function levelOf(finding) {
  return texts.findings.get(finding.kind)?.level ?? 'note';
}

// Findings that differ by their lines alone share a row.
function findingList(file, title, findings) {
  if (!findings.length) return null;
  const same = Map.groupBy(findings, ({kind, text, message}) => JSON.stringify([kind, text, message]));
  const rows = [...same.values()].map((group) => ({...group[0], lines: group.map(({line}) => line)}));
  const body = make('tbody');
  const more = inPortions(body, rows, (finding) => make('tr', null,
    make('td', null, make('span', {class: `badge ${levelOf(finding)}`, title: texts.findings.get(finding.kind)?.meaning}, finding.kind)),
    make('td', {class: 'code'}, pieces(finding.text)),
    make('td', null, pieces(finding.message)),
    make('td', null, finding.lines.flatMap((line) => [lineLink(file, line), ' ']))));
  return make('div', {class: 'group'}, heading(title, findings.length),
    table('findings', [['kind', 'kind'], ['what', 'what'], ['why'], ['lines', 'places']], body), more);
}

function heading(title, length, reason) {
  return make('h3', null, title, make('span', {class: 'soft'}, number(length)),
    reason && make('span', {class: 'soft reason'}, reason));
}

function lineLink(file, line) {
  const address = new URLSearchParams({file: file.path, line});
  return make('a', {href: `#${address}`, class: line === view.line ? 'line target' : 'line', 'aria-label': `line ${line}`}, String(line));
}

// Fills `parent` up to the line that the address names and at least one portion far; returns the
// button for the next portion.
function inPortions(parent, items, element) {
  const more = make('button', {type: 'button', class: 'more'});
  const extend = (end) => {
    parent.append(...items.slice(parent.children.length, end).map(element));
    more.hidden = parent.children.length === items.length;
    more.textContent = `Show more: ${number(items.length - parent.children.length)} are not shown`;
  };
  more.addEventListener('click', () => extend(parent.children.length + AT_ONCE));
  const wanted = items.findIndex(({line, lines = [line]}) => lines.includes(view.line));
  extend(Math.max(AT_ONCE, wanted + 1));
  return more;
}

function editGroup(file, rule, edits) {
  const list = make('ol', {class: 'lines'});
  const more = inPortions(list, edits, (edit) => editLine(file, edit));
  return make('div', {class: 'group'},
    heading(rule, edits.length, texts.rules.get(rule)?.reason), list, more);
}

function editLine(file, {line, before, after}) {
  const [old, now] = differences(before, after);
  return make('li', {class: 'edit'},
    lineLink(file, line),
    make('div', {class: 'old'}, make('span', {class: 'hidden'}, 'before: '), pieces(before, old, 'del')),
    make('div', {class: 'new'}, make('span', {class: 'hidden'}, 'after: '), pieces(after, now, 'ins')));
}

function recipeBlock(recipe) {
  const place = recipe.lines.length ? `line ${recipe.lines.join(', ')}` : 'applied earlier';
  return make('div', {class: 'group'},
    make('h3', null, 'recipe ', pieces(recipe.name), make('span', {class: 'soft reason'}, pieces(recipe.reason))),
    make('p', {class: 'soft'}, [recipe.scope, place].filter(Boolean).join(', ')),
    make('div', {class: 'lines'},
      ...recipe.before.split('\n').map((text) => make('div', {class: 'old'}, pieces(text))),
      ...recipe.after.split('\n').map((text) => make('div', {class: 'new'}, pieces(text)))));
}

// --- the address

function readAddress() {
  if (location.hash === '#files') return; // The link that skips the head.
  const state = new URLSearchParams(location.hash.slice(1));
  view.query = (state.get('q') ?? '').toLowerCase();
  view.statuses = new Set((state.get('status') ?? '').split(',').filter((name) => texts.statuses.has(name)));
  view.kind = state.get('kind') ?? '';
  view.package = state.get('package') ?? '';
  view.sort = state.get('sort') in SORTS ? state.get('sort') : 'status';
  view.line = Number(state.get('line') ?? 0);
  const open = new Set(state.getAll('file'));
  for (const file of files) file.open = open.has(file.path);
  at('search').value = state.get('q') ?? '';
  update();
  const last = byPath.get([...open].at(-1));
  if (last?.row?.isConnected) {
    const line = last.row.nextElementSibling.querySelector('.target');
    (line ?? last.row).scrollIntoView({block: line ? 'center' : 'start'});
    last.button.focus({preventScroll: true});
  } else if (location.hash) {
    at('files').scrollIntoView();
  }
}

function address() {
  const state = new URLSearchParams();
  if (view.query) state.set('q', view.query);
  if (view.statuses.size) state.set('status', [...view.statuses].join(','));
  if (view.kind) state.set('kind', view.kind);
  if (view.package) state.set('package', view.package);
  if (view.sort !== 'status') state.set('sort', view.sort);
  for (const file of files) if (file.open) state.append('file', file.path);
  if (view.line) state.set('line', view.line);
  return `#${state}`;
}

function change(changes) {
  Object.assign(view, changes);
  if ('query' in changes) for (const file of files) file.all = false;
  history.replaceState(null, '', address());
  update();
}

function update() {
  if (at('search').value.toLowerCase() !== view.query) at('search').value = view.query;
  for (const button of at('statuses').children) {
    button.setAttribute('aria-pressed', view.statuses.has(button.dataset.status));
  }
  at('kind').value = view.kind;
  at('package').value = view.package;
  at('clear').hidden = !(view.query || view.statuses.size || view.kind || view.package);
  for (const column of at('columns').children) {
    const {sort} = column.dataset;
    if (sort === view.sort) column.setAttribute('aria-sort', SORTS[sort].style ? 'descending' : 'ascending');
    else column.removeAttribute('aria-sort');
  }
  showFiles();
}

// --- the keyboard

function onKey(event) {
  const typing = /^(INPUT|SELECT)$/.test(document.activeElement.tagName);
  if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    at('search').focus();
  } else if (document.activeElement.className === 'open' && /^Arrow(Up|Down)$/.test(event.key)) {
    event.preventDefault();
    const buttons = [...document.querySelectorAll('.open')];
    const next = buttons.indexOf(document.activeElement) + (event.key === 'ArrowDown' ? 1 : -1);
    buttons[next]?.focus();
  } else if (event.key === 'ArrowDown' && document.activeElement === at('search')) {
    event.preventDefault();
    document.querySelector('.open')?.focus();
  }
}

showHead();
showMore();
showWords();
showFilters();
showColumns();
addEventListener('hashchange', readAddress);
addEventListener('keydown', onKey);
readAddress();
