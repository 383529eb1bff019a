// Lists are referred to by name in our diagrams (`<loopDataInputRef>kikan</…>`), where BPMN wants the id of an
// element. The reader would drop such a reference, and saving would lose it: it is kept here as a nameless stand-in.
const NAMED = new Set(['bpmn:loopDataInputRef', 'bpmn:loopDataOutputRef', 'bpmn:sourceRef', 'bpmn:targetRef']);
const OWNERS = /LoopCharacteristics$|DataAssociation$|DataInputAssociation$|DataOutputAssociation$/;

function NamedReferences(eventBus, moddle) {
  eventBus.on('import.parse.complete', ({ references, elementsById, warnings }) => {
    for (const { element, property, id } of references ?? []) {
      if (elementsById[id] || !NAMED.has(property) || !OWNERS.test(element.$type)) continue;
      const name = property.split(':')[1];
      const standIn = moddle.create('bpmn:Property', { id });
      if (element.$descriptor.propertiesByName[name].isMany) element.get(name).push(standIn);
      else element.set(name, standIn);
      const told = warnings.findIndex(warning => warning.element === element && warning.value === id);
      if (told >= 0) warnings.splice(told, 1);
    }
  });
}
NamedReferences.$inject = ['eventBus', 'moddle'];

export default { __init__: ['namedReferences'], namedReferences: ['type', NamedReferences] };
