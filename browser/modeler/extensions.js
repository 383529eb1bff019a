// Reading and writing what an element carries for tsunagi: properties and texts of the extension namespace.
// Every write goes through the command stack, so that it can be undone.
import { is } from 'bpmn-js/lib/util/ModelUtil.js';

const NAMESPACE = 'spiffworkflow';

/** The object that carries properties: the process behind a frame, the element itself otherwise. */
export function carrier(element) {
  const bo = element.businessObject;
  return is(bo, 'bpmn:Participant') && bo.processRef ? bo.processRef : bo;
}

/** The first extension of a kind ('InstructionsForEndUser'), or undefined. */
export function extension(bo, kind) {
  return bo.extensionElements?.get('values').find(value => is(value, `${NAMESPACE}:${kind}`));
}

/** The text of an extension, '' if absent. */
export function text(bo, kind) {
  return extension(bo, kind)?.get('body') ?? '';
}

/** The value of a property, '' if absent. */
export function property(bo, name) {
  return properties(bo).find(entry => entry.get('name') === name)?.get('value') ?? '';
}

/** All properties as moddle elements. */
export function properties(bo) {
  return extension(bo, 'Properties')?.get('values') ?? [];
}

/** Writes extensions of one modeler. */
export class ExtensionWriter {
  constructor(modeler) {
    this._modeling = modeler.get('modeling');
    this._moddle = modeler.get('moddle');
  }

  /** Set the text of an extension; an empty text removes it. */
  setText(element, kind, value) {
    this.replace(element, kind, value === '' ? null : this._moddle.create(`${NAMESPACE}:${kind}`, { body: value }));
  }

  /** Set one property; an empty value removes it. */
  setProperty(element, name, value) {
    this.setProperties(element, { [name]: value });
  }

  /** Set several properties in one step that can be undone at once. */
  setProperties(element, values) {
    const kept = properties(carrier(element)).map(entry => [entry.get('name'), entry.get('value')]);
    const merged = new Map([...kept, ...Object.entries(values)]);
    const entries = [...merged].filter(([, value]) => value !== '' && value !== null && value !== undefined)
      .map(([name, value]) => this._moddle.create(`${NAMESPACE}:Property`, { name, value }));
    const all = entries.length ? this._moddle.create(`${NAMESPACE}:Properties`, { values: entries }) : null;
    for (const entry of entries) entry.$parent = all;
    this.replace(element, 'Properties', all);
  }

  /** Set the automatic operation: { id, resultVariable, parameters: [{ id, type, value }], retries }. */
  setOperator(element, { id, resultVariable, parameters, retries }) {
    if (!id) return this.replace(element, 'ServiceTaskOperator', null);
    const operator = this._moddle.create(`${NAMESPACE}:ServiceTaskOperator`, { id });
    if (resultVariable) operator.set('resultVariable', resultVariable);
    const list = this._moddle.create(`${NAMESPACE}:Parameters`, {
      values: parameters.map(parameter => this._moddle.create(`${NAMESPACE}:Parameter`, parameter)),
    });
    for (const parameter of list.get('values')) parameter.$parent = list;
    list.$parent = operator;
    operator.set('parameters', list);
    if (retries) {
      const before = extension(carrier(element), 'ServiceTaskOperator')?.get('retry');
      const retry = this._moddle.create(`${NAMESPACE}:Retry`, { retries, backoff_base: before?.get('backoff_base') });
      retry.$parent = operator;
      operator.set('retry', retry);
    }
    return this.replace(element, 'ServiceTaskOperator', operator);
  }

  /** Put `value` (a moddle element or null) in the place of the extension of that kind. */
  replace(element, kind, value) {
    const bo = carrier(element);
    const others = (bo.extensionElements?.get('values') ?? []).filter(other => !is(other, `${NAMESPACE}:${kind}`));
    const values = value ? [...others, value] : others;
    const whole = values.length ? this._moddle.create('bpmn:ExtensionElements', { values }) : undefined;
    if (whole) {
      whole.$parent = bo;
      for (const each of values) each.$parent = whole;
    }
    this._modeling.updateModdleProperties(element, bo, { extensionElements: whole });
  }
}
