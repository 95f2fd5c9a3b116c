// The dashboard begins here.
import { h, patch } from './dom.js';

patch(document.getElementById('app'), h('main', null, h('h1', null, 'evac')));
