using System.Runtime.InteropServices;

namespace Fovea.Models.Files;

/// <summary>
/// Shows whether a file changed, without reading its content: two equal stamps of a path mean that the bytes are the same.
/// </summary>
/// <param name="Length">The file's length in bytes.</param>
/// <param name="Modified">The time when the bytes were last written, in nanoseconds since 1970.</param>
/// <param name="Changed">
/// The time when the bytes or attributes were last written, in nanoseconds since 1970. Programs can set <paramref name="Modified"/> back,
/// but not this time. Equal to <paramref name="Modified"/> on systems other than Linux.
/// </param>
/// <param name="Inode">
/// The file's number in its file system. A file that replaces another has a different number. 0 on systems other than Linux.
/// </param>
public readonly partial record struct FileStamp(long Length, long Modified, long Changed, ulong Inode)
{
    // WorkingFolder is AT_FDCWD: a relative path begins at the working folder. BasicFields is STATX_BASIC_STATS: the fields that stat
    // returns.
    private const int WorkingFolder = -100;
    private const uint BasicFields = 0x7ff;

    // TypeMask is S_IFMT, the bits of the mode that give the file's type. RegularType is S_IFREG, a regular file.
    private const ushort TypeMask = 0xF000, RegularType = 0x8000;

    /// <summary>The stamp of a file; <c>null</c> if the path is not a regular file. A link has the stamp of its target.</summary>
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
                // An old C library lacks statx. The times from .NET have ticks of 100 ns, so two writes within one tick look the same.
            }
        }

        var info = new FileInfo(path);
        long written = (info.LastWriteTimeUtc - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
        return info.Exists ? new FileStamp(info.Length, written, written, 0) : null;
    }

    // statx has the same structure on all processors, unlike stat.
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

    // The structure statx in linux/stat.h, 256 bytes.
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
