using System.Globalization;
using BenchmarkDotNet.Running;
using Fovea.Benchmarks;

// dotnet run -c Release --project tests/Benchmarks -- serve [PART...]                the service beside the bare runtime, in turn
// dotnet run -c Release --project tests/Benchmarks -- mutate [SECONDS [SEED]]        spoilt images and requests, without an end but this
// dotnet run -c Release --project tests/Benchmarks -- torch NAME [BATCH [PAIRS]]     beside PyTorch, in turn
// dotnet run -c Release --project tests/Benchmarks -- --filter '*'                   by BenchmarkDotNet
switch (args)
{
    case ["serve", .. var parts]:
        return ServeBenchmark.Run(parts);
    case ["mutate", .. var numbers]:
        return await Mutations.Run(numbers is [var seconds, ..] ? int.Parse(seconds, null) : 60, numbers is [_, var seed] ? int.Parse(seed, null) : 1);
    case ["bare", var file, var images, var time]:
        return BareRuntime.Run(file, int.Parse(images, null), double.Parse(time, CultureInfo.InvariantCulture));
    case ["constant", .. var rest]:
        return ConstantEndpoint.Run(rest);
    case ["torch", var name, .. var numbers]:
        return TorchComparison.Run(name, numbers is [var batch, ..] ? batch : "128", numbers is [_, var pairs] ? int.Parse(pairs, null) : 5);
    default:
        BenchmarkSwitcher.FromAssembly(typeof(TorchComparison).Assembly).Run(args);
        return 0;
}
