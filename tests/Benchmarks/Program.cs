using BenchmarkDotNet.Running;
using Fovea.Benchmarks;

// dotnet run -c Release --project tests/Benchmarks -- torch NAME [BATCH [PAIRS]]     beside PyTorch, in turn
// dotnet run -c Release --project tests/Benchmarks -- --filter '*'                   by BenchmarkDotNet
if (args is ["torch", var name, .. var numbers])
{
    return TorchComparison.Run(name, numbers is [var batch, ..] ? batch : "128", numbers is [_, var pairs] ? int.Parse(pairs, null) : 5);
}

BenchmarkSwitcher.FromAssembly(typeof(TorchComparison).Assembly).Run(args);
return 0;
