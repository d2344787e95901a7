"""Small files in the languages that the guard is tried on."""

from __future__ import annotations

SOURCES = {
    "python": '''\
import json
from typing import Any


class Store:
    """Keeps values by name."""

    def __init__(self, path: str, *, limit: int = 10) -> None:
        self._path = path
        self._values: dict[str, list[Any]] = {}
        self._limit = limit

    def add(self, name: str, value: Any) -> bool:
        found = self._values.setdefault(name, [])
        if len(found) >= self._limit or (value in found and not self._path):
            return False
        found.append({"value": value, "at": [len(found), (1, 2)]})
        return True

    def save(self) -> None:
        with open(self._path, "w") as file:
            json.dump({key: list(map(str, items)) for key, items in self._values.items()}, file)
''',
    "typescript": """\
import { readFile } from "fs";

interface Item { name: string; sizes: number[] }

export class Store<T extends Item> {
  private items: Map<string, T[]> = new Map();

  constructor(private readonly path: string, private limit = 10) {}

  add(name: string, item: T): boolean {
    const found = this.items.get(name) ?? [];
    if (found.length >= this.limit || (!this.path && found.includes(item))) {
      return false;
    }
    this.items.set(name, [...found, { ...item, sizes: item.sizes.map((n) => n * 2) }]);
    return true;
  }

  async load(): Promise<void> {
    readFile(this.path, (error, data) => {
      if (error) { throw error; }
      for (const [key, value] of Object.entries(JSON.parse(data.toString()))) {
        this.items.set(key, value as T[]);
      }
    });
  }
}
""",
    "go": """\
package store

import (
	"errors"
	"fmt"
)

type Item struct {
	Name  string
	Sizes []int
}

type Store struct {
	items map[string][]Item
	limit int
}

func New(limit int) *Store {
	return &Store{items: make(map[string][]Item), limit: limit}
}

func (s *Store) Add(name string, item Item) error {
	found, ok := s.items[name]
	if ok && (len(found) >= s.limit || item.Name == "") {
		return errors.New(fmt.Sprintf("full: %d", len(found)))
	}
	for i := range item.Sizes {
		item.Sizes[i] *= 2
	}
	s.items[name] = append(found, Item{Name: name, Sizes: []int{1, 2}})
	return nil
}
""",
    "rust": """\
use std::collections::HashMap;

#[derive(Clone, Debug)]
pub struct Item {
    name: String,
    sizes: Vec<usize>,
}

pub struct Store {
    items: HashMap<String, Vec<Item>>,
    limit: usize,
}

impl Store {
    pub fn new(limit: usize) -> Self {
        Store { items: HashMap::new(), limit }
    }

    pub fn add(&mut self, name: &str, item: Item) -> Result<(), String> {
        let found = self.items.entry(name.to_string()).or_insert_with(Vec::new);
        if found.len() >= self.limit || (item.name.is_empty() && !found.is_empty()) {
            return Err(format!("full: {}", found.len()));
        }
        let sizes: Vec<usize> = item.sizes.iter().map(|n| n * 2).collect();
        found.push(Item { name: item.name, sizes: [sizes, vec![1, 2]].concat() });
        Ok(())
    }
}
""",
}


def changed(source: str) -> str:
    """Return a source with names changed in many lines: an ordinary rewrite."""
    return source.replace("found", "present").replace("limit", "most").replace("add", "put")
