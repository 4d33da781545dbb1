//! Reads files in parallel and hands over what they give in the order of the files, with a bound on
//! how far reading may run ahead.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Files begun but not yet handed over, for each thread.
const AHEAD: usize = 8;

/// Parts of one file waiting to be handed over.
const PARTS: usize = 4;

/// Gives the parts of one file, one after the other.
pub(super) type Emit<'e, T> = &'e mut dyn FnMut(T);

/// Runs `job` for every number below `jobs` on `threads` threads, each with a desk of its own, and
/// calls `take` with what they emit: all of job 0, then all of job 1, and so on.
pub(super) fn in_order<D: Default, T: Send>(
    jobs: usize,
    threads: usize,
    job: impl Fn(usize, &mut D, Emit<'_, T>) + Sync,
    mut take: impl FnMut(usize, T),
) {
    if threads <= 1 || jobs <= 1 {
        let mut desk = D::default();
        for number in 0..jobs {
            job(number, &mut desk, &mut |part| take(number, part));
        }
        return;
    }
    let line = Line::new(jobs, threads * AHEAD);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(jobs) {
            scope.spawn(|| {
                let mut desk = D::default();
                while let Some(number) = line.next() {
                    let done = Done { line: &line, number };
                    job(number, &mut desk, &mut |part| line.put(number, part));
                    drop(done);
                }
            });
        }
        while let Some((number, part)) = line.take() {
            take(number, part);
        }
    });
}

/// Marks a job as done even when it panics, so that nobody waits for it for ever.
struct Done<'l, T> {
    line: &'l Line<T>,
    number: usize,
}

impl<T> Drop for Done<'_, T> {
    fn drop(&mut self) {
        self.line.done(self.number);
    }
}

/// The jobs that are under way, in order.
struct Line<T> {
    state: Mutex<State<T>>,
    /// There is room for another job or part.
    room: Condvar,
    /// There is something to take.
    ready: Condvar,
    jobs: usize,
    ahead: usize,
}

struct State<T> {
    /// The next job to be begun.
    next: usize,
    /// The job whose parts are taken now; the first of `slots`.
    front: usize,
    slots: VecDeque<Slot<T>>,
}

struct Slot<T> {
    parts: VecDeque<T>,
    done: bool,
}

impl<T> Line<T> {
    fn new(jobs: usize, ahead: usize) -> Line<T> {
        let state = State { next: 0, front: 0, slots: VecDeque::new() };
        let state = Mutex::new(state);
        Line { state, room: Condvar::new(), ready: Condvar::new(), jobs, ahead }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the next job, once there is room for it.
    fn next(&self) -> Option<usize> {
        let mut state = self.lock();
        while state.next < self.jobs && state.next - state.front >= self.ahead {
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.next >= self.jobs {
            return None;
        }
        let number = state.next;
        state.next += 1;
        state.slots.push_back(Slot { parts: VecDeque::new(), done: false });
        Some(number)
    }

    /// Puts a part in line, once there is room for it.
    fn put(&self, number: usize, part: T) {
        let mut state = self.lock();
        loop {
            let at = number - state.front;
            match state.slots.get_mut(at) {
                Some(slot) if slot.parts.len() < PARTS => {
                    slot.parts.push_back(part);
                    if at == 0 {
                        self.ready.notify_one();
                    }
                    return;
                }
                _ => state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn done(&self, number: usize) {
        let mut state = self.lock();
        let at = number - state.front;
        if let Some(slot) = state.slots.get_mut(at) {
            slot.done = true;
        }
        if at == 0 {
            self.ready.notify_one();
        }
    }

    /// The next part in order; `None` when all jobs are done.
    fn take(&self) -> Option<(usize, T)> {
        let mut state = self.lock();
        loop {
            let front = state.front;
            if let Some(slot) = state.slots.front_mut() {
                if let Some(part) = slot.parts.pop_front() {
                    self.room.notify_all();
                    return Some((front, part));
                }
                if slot.done {
                    state.slots.pop_front();
                    state.front += 1;
                    self.room.notify_all();
                    continue;
                }
            } else if front >= self.jobs {
                return None;
            }
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_in_the_order_of_the_jobs() {
        let job = |number: usize, _: &mut (), emit: Emit<'_, usize>| {
            for part in 0..(number * 7) % 11 {
                emit(number * 100 + part);
            }
        };
        let run = |threads| {
            let mut taken = Vec::new();
            in_order(200, threads, job, |number, part| taken.push((number, part)));
            taken
        };
        let one = run(1);
        assert_eq!(one.len(), (0..200).map(|n| (n * 7) % 11).sum::<usize>());
        assert!(one.is_sorted());
        for threads in [2, 3, 8] {
            assert_eq!(run(threads), one);
        }
    }
}
