using System.Globalization;
using System.Runtime.InteropServices;

namespace Fovea.Models.Runtime;

/// <summary>Sets and reads limits of this process's memory. Only Linux is supported; elsewhere nothing happens.</summary>
public static partial class ProcessMemory
{
    // RLIMIT_DATA of Linux: private memory that can be written, and not the address space that the runtime reserves and never touches.
    private const int DataLimit = 2;

    // M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of glibc.
    private const int MostKept = -1, LeastMappedBlock = -3;

    /// <summary>
    /// The private memory that the process may write to, in bytes, whether it has touched it or not; 0 on others than Linux.
    /// </summary>
    public static long Private => OperatingSystem.IsLinux() ? DataBytes() : 0;

    /// <summary>
    /// Lets the process have so many bytes more of <see cref="Private"/> memory than now. An allocation beyond that fails.
    /// </summary>
    public static void Limit(long bytes)
    {
        if (OperatingSystem.IsLinux())
        {
            ulong most = (ulong)(DataBytes() + bytes);
            var limit = new ResourceLimit(most, most);
            _ = SetLimit(DataLimit, in limit);
        }
    }

    /// <summary>
    /// Lets the C library keep up to a gibibyte of what is freed, in blocks of up to 32 MiB, until <see cref="Trim"/>. Loading a model
    /// copies its weights several times, and memory that the process has already costs less than new memory: up to a third of the time.
    /// </summary>
    public static void KeepFreed()
    {
        Set(MostKept, 1 << 30);
        Set(LeastMappedBlock, 32 << 20);
    }

    /// <summary>
    /// Lets the C library give blocks of a mebibyte and more back as soon as they are freed. Otherwise it keeps blocks of up to 32 MiB,
    /// once it has seen some, for the next who asks.
    /// </summary>
    public static void ReturnLargeBlocks() => Set(LeastMappedBlock, 1 << 20);

    /// <summary>
    /// Gives back what was freed, which the C library and the garbage collector keep otherwise for the next who asks. All threads wait
    /// some milliseconds.
    /// </summary>
    public static void Trim()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        try
        {
            _ = TrimHeap(0);
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            // Not glibc.
        }
    }

    private static void Set(int setting, int value)
    {
        try
        {
            _ = SetAllocation(setting, value);
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            // Not glibc.
        }
    }

    private static long DataBytes()
    {
        const string Name = "VmData:", Unit = "kB";
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(Name, StringComparison.Ordinal));
        return 1024 * long.Parse(line[Name.Length..].Replace(Unit, "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in ResourceLimit limit);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetAllocation(int setting, int value);

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int TrimHeap(nuint keep);

    private readonly record struct ResourceLimit(ulong Now, ulong Most);
}
