using System.Diagnostics;
using Fovea.Models.Kernels;

namespace Fovea.Models.Tests.Kernels;

// .NET reads the variables that turn instructions off when a process starts. So the tests of the kernel run again in other processes.
public class InstructionSetTests
{
    // The variable, and the filters in a panel: two vectors of 16 or 8 floats. 0: the kernel is not used.
    [Theory]
    [InlineData("DOTNET_EnableAVX512", 16)]
    [InlineData("DOTNET_EnableAVX2", 0)]
    [InlineData("DOTNET_EnableHWIntrinsic", 0)]
    public async Task Answers_are_right_without_instructions(string variable, int panel)
    {
        var start = new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "Fovea.Models.Tests.exe" : "Fovea.Models.Tests"),
            ["-class", typeof(WinogradKernelTests).FullName!, "-noColor"])
        {
            RedirectStandardOutput = true,
        };
        start.Environment[variable] = "0";
        start.Environment[WinogradKernelTests.PanelVariable] = TileTransforms.IsSupported ? $"{panel}" : "0";
        using var tests = Process.Start(start)!;
        try
        {
            var output = await tests.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await tests.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(tests.ExitCode == 0, output);
            Assert.DoesNotContain("Total: 0", output, StringComparison.Ordinal);
        }
        finally
        {
            tests.Kill();
        }
    }
}
