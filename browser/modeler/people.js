// The tools make "a person's work" where BPMN's own tools make a task without a kind:
// nearly everything that a coordinator draws is work of a person.
function PersonFirst(palette, contextPad, create, elementFactory, autoPlace) {
  const shape = () => elementFactory.createShape({ type: 'bpmn:UserTask' });
  palette.registerProvider(500, { getPaletteEntries: () => entries => {
    const start = event => create.start(event, shape());
    return { ...entries, 'create.task': { ...entries['create.task'], className: 'bpmn-icon-user', action: { dragstart: start, click: start } } };
  } });
  contextPad.registerProvider(500, { getContextPadEntries: element => entries => {
    if (!entries['append.append-task']) return entries;
    const start = event => create.start(event, shape(), { source: element });
    const append = () => autoPlace.append(element, shape());
    return { ...entries, 'append.append-task': { ...entries['append.append-task'], className: 'bpmn-icon-user', action: { dragstart: start, click: append } } };
  } });
}
PersonFirst.$inject = ['palette', 'contextPad', 'create', 'elementFactory', 'autoPlace'];

export default { __init__: ['personFirst'], personFirst: ['type', PersonFirst] };
