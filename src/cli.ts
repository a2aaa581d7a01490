#!/usr/bin/env node
import 'reflect-metadata';
import { main } from './commands/main.js';

const code = await main(process.argv.slice(2));
if (code !== 0) process.exitCode = code;
