using System.Globalization;
using System.Runtime.InteropServices;

namespace Fovea.Models.Runtime;

/// <summary>Reads and limits the memory of this process. Only Linux is supported; on other systems, the methods do nothing.</summary>
public static partial class ProcessMemory
{
    // RLIMIT_DATA of Linux limits private writable memory. It does not limit the address space that .NET reserves and never uses.
    private const int DataLimit = 2;

    // The numbers of glibc's settings M_TRIM_THRESHOLD and M_MMAP_THRESHOLD.
    private const int MostKept = -1, LeastMappedBlock = -3;

    /// <summary>
    /// The size of the process's private writable memory in bytes, including memory that was never used; 0 on systems other than Linux.
    /// </summary>
    public static long Private => OperatingSystem.IsLinux() ? DataBytes() : 0;

    /// <summary>
    /// Limits <see cref="Private"/> memory to its present size plus this number of bytes. An allocation beyond the limit fails.
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
    /// Lets the C library keep up to 1 GiB of freed memory, in blocks of up to 32 MiB, until <see cref="Trim"/>. Loading a model copies its
    /// weights several times. Reusing freed memory is faster than getting new memory from the system and saves up to a third of the time.
    /// </summary>
    public static void KeepFreed()
    {
        Set(MostKept, 1 << 30);
        Set(LeastMappedBlock, 32 << 20);
    }

    /// <summary>
    /// Makes the C library return blocks of 1 MiB and more to the system as soon as they are freed. Without this setting, it keeps blocks
    /// of up to 32 MiB for later allocations.
    /// </summary>
    public static void ReturnLargeBlocks() => Set(LeastMappedBlock, 1 << 20);

    /// <summary>
    /// Returns freed memory to the system, which the C library and the garbage collector otherwise keep for later allocations. All threads
    /// wait for some milliseconds.
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
            // The C library is not glibc.
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
            // The C library is not glibc.
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
