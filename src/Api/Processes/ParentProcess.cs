using System.Diagnostics;

namespace Fovea.Api.Processes;

/// <summary>
/// Watches the parent process, which started this process with a pipe as standard input and keeps the pipe open as long as it lives.
/// </summary>
internal static class ParentProcess
{
    /// <summary>Kills this process as soon as standard input ends, because the parent has closed the pipe or has died.</summary>
    public static void DieWith()
    {
        // The wait has a thread of its own, because a native library may block the thread that loads a model for a long time.
        var waiting = new Thread(() =>
        {
            using var input = Console.OpenStandardInput();
            var buffer = new byte[64];
            while (input.Read(buffer) > 0)
            {
                // The parent sends no bytes. If bytes arrive all the same, the pipe is still open, so they are ignored.
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
