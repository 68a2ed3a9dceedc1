using System.Runtime.InteropServices;

namespace Fovea.Models.Files;

/// <summary>
/// Tells, without reading a file, whether it is still the one that was there before: two equal stamps are of the same bytes.
/// </summary>
/// <param name="Length">The file's length in bytes.</param>
/// <param name="Modified">When its bytes were last written, in nanoseconds since 1970.</param>
/// <param name="Changed">When its bytes or its attributes were last written, in nanoseconds since 1970. No program can set it back, as it
/// can <paramref name="Modified"/>. On others than Linux the same as that.</param>
/// <param name="Inode">The file's number in its file system, another one for a file that was moved into its place. 0 on others than
/// Linux.</param>
public readonly partial record struct FileStamp(long Length, long Modified, long Changed, ulong Inode)
{
    // AT_FDCWD: a relative path begins at the working folder. STATX_BASIC_STATS: the fields that stat has.
    private const int WorkingFolder = -100;
    private const uint BasicFields = 0x7ff;

    // S_IFMT and S_IFREG.
    private const ushort TypeMask = 0xF000, RegularType = 0x8000;

    /// <summary>The stamp of a file; null if there is no regular file. A link has the stamp of the file that it points to.</summary>
    public static FileStamp? Of(string path)
    {
        if (OperatingSystem.IsLinux())
        {
            try
            {
                return Status(WorkingFolder, path, flags: 0, BasicFields, out var file) == 0 && (file.Mode & TypeMask) == RegularType
                    ? new FileStamp((long)file.Size, file.Modified.Nanoseconds, file.Changed.Nanoseconds, file.Inode)
                    : null;
            }
            catch (EntryPointNotFoundException)
            {
                // An old C library; .NET knows less, but enough for files that are not written within a tick of its clock.
            }
        }

        var info = new FileInfo(path);
        long written = (info.LastWriteTimeUtc - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
        return info.Exists ? new FileStamp(info.Length, written, written, 0) : null;
    }

    // The same on all processors, unlike stat.
    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Status(int folder, string path, int flags, uint mask, out FileStatus status);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct FileTime
    {
        private readonly long seconds;
        private readonly uint fraction;
        private readonly int reserved;

        public long Nanoseconds => (seconds * 1_000_000_000) + fraction;
    }

    // struct statx of linux/stat.h: 256 bytes.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private readonly struct FileStatus
    {
        [FieldOffset(28)]
        public readonly ushort Mode;

        [FieldOffset(32)]
        public readonly ulong Inode;

        [FieldOffset(40)]
        public readonly ulong Size;

        [FieldOffset(96)]
        public readonly FileTime Changed;

        [FieldOffset(112)]
        public readonly FileTime Modified;
    }
}
