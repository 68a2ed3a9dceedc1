using BenchmarkDotNet.Running;
using Fovea.Benchmarks;

// dotnet run -c Release --project tests/Benchmarks -- torch NAME [BATCH [PAIRS]]     beside PyTorch, in turn
// dotnet run -c Release --project tests/Benchmarks -- profile NAME [BATCH]           where a training step's time goes
// dotnet run -c Release --project tests/Benchmarks -- --filter '*'                   by BenchmarkDotNet
if (args is ["torch", var name, .. var numbers])
{
    return TorchComparison.Run(name, numbers is [var batch, ..] ? batch : "128", numbers is [_, var pairs] ? int.Parse(pairs, null) : 5);
}

if (args is ["profile", var profiled, .. var size])
{
    return StepProfile.Run(profiled, size is [var images] ? int.Parse(images, null) : 128);
}

BenchmarkSwitcher.FromAssembly(typeof(TorchComparison).Assembly).Run(args);
return 0;
