using System.Runtime.CompilerServices;

namespace Fovea.Api.Tests.Hosting;

/// <summary>Waits until a condition becomes true. After a time limit it fails the test with the name of the condition.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(180);

    public static async Task True(Func<Task<bool>> holds, [CallerArgumentExpression(nameof(holds))] string what = "")
    {
        for (var start = TimeProvider.System.GetTimestamp(); !await holds(); await Task.Delay(20, TestContext.Current.CancellationToken))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Longest, $"Waited {Longest.TotalSeconds} s in vain for {what}.");
        }
    }
}
