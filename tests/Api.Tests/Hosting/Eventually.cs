using System.Runtime.CompilerServices;

namespace Fovea.Api.Tests;

/// <summary>Waits for what comes true by itself; not for ever, so that a test which waits in vain fails and says for what.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    public static async Task True(Func<Task<bool>> holds, [CallerArgumentExpression(nameof(holds))] string what = "")
    {
        for (var start = TimeProvider.System.GetTimestamp(); !await holds(); await Task.Delay(20, TestContext.Current.CancellationToken))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Longest, $"Waited {Longest.TotalSeconds} s in vain for {what}.");
        }
    }
}
