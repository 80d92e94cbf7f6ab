package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// cpuSet is the kernel's mask of processors, for up to 1,024 of them.
type cpuSet [16]uint64

// splitCPUs shares this process's processors between what serves and what asks,
// so that the load does not disturb what it measures. With a single one both get
// it.
func splitCPUs() (serve, ask []int, err error) {
	all, err := allowedCPUs()
	if err != nil {
		return nil, nil, err
	}
	if len(all) == 1 {
		return all, all, nil
	}
	half := len(all) / 2
	return all[half:], all[:half], nil
}

func allowedCPUs() ([]int, error) {
	var set cpuSet
	_, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_GETAFFINITY, 0, unsafe.Sizeof(set), uintptr(unsafe.Pointer(&set)))
	if errno != 0 {
		return nil, fmt.Errorf("asking for this process's processors: %w", errno)
	}
	var cpus []int
	for i := range len(set) * 64 {
		if set[i/64]&(1<<(i%64)) != 0 {
			cpus = append(cpus, i)
		}
	}
	return cpus, nil
}

// pinned runs f on a thread that may use these processors only.
func pinned(cpus []int, f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := allowedCPUs()
	if err != nil {
		return err
	}
	if err := pinThread(cpus); err != nil {
		return err
	}
	defer func() { _ = pinThread(before) }() // it was allowed a moment ago
	return f()
}

func pinThread(cpus []int) error {
	var set cpuSet
	for _, c := range cpus {
		set[c/64] |= 1 << (c % 64)
	}
	_, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, unsafe.Sizeof(set), uintptr(unsafe.Pointer(&set)))
	if errno != 0 {
		return fmt.Errorf("choosing processors: %w", errno)
	}
	return nil
}

// cpuTime is what a process and its children that still run have used.
func cpuTime(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("asking how busy process %d was: %w", pid, err)
	}
	// pid (name) state …; the name may hold anything. utime and stime are fields 14
	// and 15, in hundredths of a second on every Linux that Go runs on.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	total := time.Duration(user+system) * 10 * time.Millisecond
	for _, child := range children(pid) {
		if used, err := cpuTime(child); err == nil { // it may have ended meanwhile
			total += used
		}
	}
	return total, nil
}

// threadTime is what the calling thread has used.
func threadTime() time.Duration {
	const thread = 1 // RUSAGE_THREAD
	var used syscall.Rusage
	_ = syscall.Getrusage(thread, &used) // it fails for bad arguments only
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func children(pid int) (pids []int) {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		text, _ := os.ReadFile(list) // the thread may have ended meanwhile
		for _, word := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(word); err == nil {
				pids = append(pids, child)
			}
		}
	}
	slices.Sort(pids)
	return pids
}

// memory is a process's resident memory, now and at most, in bytes.
func memory(pid int) (now, peak int64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, fmt.Errorf("asking how large process %d is: %w", pid, err)
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		kilobytes, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch name {
		case "VmRSS":
			now = kilobytes << 10
		case "VmHWM":
			peak = kilobytes << 10
		}
	}
	return now, peak, nil
}
