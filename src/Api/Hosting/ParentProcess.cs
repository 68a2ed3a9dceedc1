using System.Diagnostics;

namespace Fovea.Api;

/// <summary>The process that has started this one with a pipe as standard input, which it holds open as long as it lives.</summary>
internal static class ParentProcess
{
    /// <summary>Kills this process as soon as standard input ends: the parent has closed it, or has died.</summary>
    public static void DieWith()
    {
        // A thread of its own, since a native library may keep the thread that loads a model for long.
        var waiting = new Thread(() =>
        {
            using var input = Console.OpenStandardInput();
            var buffer = new byte[64];
            while (input.Read(buffer) > 0)
            {
                // The parent says nothing; bytes are no end.
            }

            using var self = Process.GetCurrentProcess();
            self.Kill();
        })
        {
            IsBackground = true,
            Name = "Parent",
        };
        waiting.Start();
    }
}
